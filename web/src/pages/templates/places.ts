/** What a template says of a name in braces, from its first character to behind its last. */
export interface Place {
  from: number;
  to: number;
}

/** Where a name stands in the braces of a template. One look through the text, however hostile it is. */
export function placesOf(name: string, template: string): Place[] {
  const found: Place[] = [];
  for (const { from, to } of bracesOf(template)) {
    for (
      let at = template.indexOf(name, from);
      at !== -1 && at + name.length <= to;
      at = template.indexOf(name, at + 1)
    ) {
      const isWhole = !(/[\w.]/.test(template[at - 1] ?? '') || /[\w-]/.test(template[at + name.length] ?? ''));
      if (isWhole) found.push({ from: at, to: at + name.length });
    }
  }
  return found;
}

/** Outputs and tags, as far as they are closed. */
function* bracesOf(template: string): Generator<Place> {
  for (let at = template.indexOf('{'); at !== -1; at = template.indexOf('{', at)) {
    const close = { '{': '}}', '%': '%}' }[template[at + 1] ?? ''];
    const end = close === undefined ? -1 : template.indexOf(close, at + 2);
    if (close !== undefined && end === -1) return;
    if (close !== undefined) yield { from: at + 2, to: end };
    at = close === undefined ? at + 1 : end + 2;
  }
}
