// The Link header of a page that is not the last: RFC 8288, keyset paging. The next page is the same question behind the last item.

import type { FastifyReply } from 'fastify';

/** `query` is that of this page with the key of its last item; what is undefined in it was not asked. */
export function linkNextPage(
  reply: FastifyReply,
  page: { path: string; query: Readonly<Record<string, string | number | undefined>> },
): void {
  const asked = Object.entries(page.query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  reply.header('link', `<${page.path}?${new URLSearchParams(asked)}>; rel="next"`);
}
