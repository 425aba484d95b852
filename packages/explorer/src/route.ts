// The pages and their addresses, behind the # so that the receiver serves one file for all of them. No I/O.

export type Route =
  | { readonly kind: 'overview' }
  | { readonly kind: 'devices' }
  | { readonly kind: 'device'; readonly device: string }
  /** `block`: index or hash. */
  | { readonly kind: 'block'; readonly block: string }
  | { readonly kind: 'reading'; readonly transactionId: string }
  | { readonly kind: 'search'; readonly query: string }
  | { readonly kind: 'verify' }
  | { readonly kind: 'ring' }
  | { readonly kind: 'unknown' };

const HASH = /^[0-9a-f]{64}$/;
const INDEX = /^(0|[1-9][0-9]{0,14})$/;

/** What follows the # of an address, with or without it. What is no page is `unknown`. */
export function parseRoute(fragment: string): Route {
  const [, page = '', rest = ''] = /^#?\/?([^/]*)(?:\/(.*))?$/s.exec(fragment) ?? [];
  const value = decode(rest);
  if (value === undefined) return { kind: 'unknown' };
  if (value === '') {
    switch (page) {
      case '':
        return { kind: 'overview' };
      case 'devices':
      case 'verify':
      case 'ring':
        return { kind: page };
      default:
        return { kind: 'unknown' };
    }
  }
  switch (page) {
    case 'device':
      return { kind: 'device', device: value };
    case 'block':
      return HASH.test(value) || INDEX.test(value) ? { kind: 'block', block: value } : { kind: 'unknown' };
    case 'reading':
      return HASH.test(value) ? { kind: 'reading', transactionId: value } : { kind: 'unknown' };
    case 'search':
      return { kind: 'search', query: value };
    default:
      return { kind: 'unknown' };
  }
}

/** The address of a page, for an href: `parseRoute` reads it again. */
export function hrefOf(route: Exclude<Route, { kind: 'unknown' }>): string {
  switch (route.kind) {
    case 'overview':
      return '#/';
    case 'devices':
    case 'verify':
    case 'ring':
      return `#/${route.kind}`;
    case 'device':
      return `#/device/${encodeURIComponent(route.device)}`;
    case 'block':
      return `#/block/${route.block}`;
    case 'reading':
      return `#/reading/${route.transactionId}`;
    case 'search':
      return `#/search/${encodeURIComponent(route.query)}`;
    default:
      return route satisfies never;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: no address of this page.
    return undefined;
  }
}
