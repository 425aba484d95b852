// A hash or an id of 64 digits: cut at its end where there is no room, whole for whoever copies it.

export function Hash({ hex, href, isWhole = false }: { hex: string; href?: string; isWhole?: boolean }) {
  const text = <code class={isWhole ? 'hash whole' : 'hash'}>{hex}</code>;
  return href === undefined ? (
    text
  ) : (
    <a href={href} class="hash-link" title={hex}>
      {text}
    </a>
  );
}
