// A page: its heading, which takes the focus when one comes here from another page, and the title of the tab.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Telltale`;
    // Not on the first page of a visit: that would take a reader past the header.
    if (document.activeElement !== document.body || hasMoved) heading.current?.focus({ preventScroll: true });
    hasMoved = true;
  }, [title]);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </>
  );
}

/** Whether a page of this visit was shown before. */
let hasMoved = false;
