/** Text as man(7) has it. What is handed in is plain text, with `code` between backticks. */

export interface Heading {
  readonly name: string;
  readonly section: number;
  readonly title: string;
  readonly version: string;
  /** `2030-01-31` */
  readonly date: string;
}

export function page(heading: Heading, parts: readonly string[]): string {
  const { name, section, title, version, date } = heading;
  const words = [plain(name.toUpperCase()), section, date, `wfd ${version}`, title].map(
    (word) => `"${word}"`,
  );
  return `.\\" Made from the sources of wfd by docs/man: changes belong there.\n.TH ${words.join(' ')}\n${parts.join('')}`;
}

export function section(title: string, ...parts: readonly string[]): string {
  return headed(`.SH ${title.toUpperCase()}`, parts);
}

/** `title` is text of this module: see `bold`, `italic`. */
export function subsection(title: string, ...parts: readonly string[]): string {
  return headed(`.SS ${title}`, parts);
}

/** The first paragraph begins by itself. */
function headed(heading: string, parts: readonly string[]): string {
  return `${heading}\n${parts.join('').replace(/^\.PP\n/, '')}`;
}

export function paragraph(text: string): string {
  return `.PP\n${lines(marked(text))}\n`;
}

/** A word and what it means. */
export function item(tag: string, text: string): string {
  return `.TP\n${guarded(tag)}\n${lines(marked(text))}\n`;
}

export function example(commands: readonly string[]): string {
  return `.PP\n.RS 4\n.EX\n${commands.map((text) => guarded(plain(text))).join('\n')}\n.EE\n.RE\n`;
}

export function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${plain(text)}\\fR`;
}

/** `code` is bold; of a link only its text is left. */
export function marked(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)\s]+\)/g, '$1')
    .split('`')
    .map((part, index) => (index % 2 === 1 ? bold(part) : plain(part)))
    .join('');
}

/** A hyphen is a minus: it may be copied into a shell. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replace(/[^\x20-\x7e]/gu, (character) => `\\[u${hexadecimal(character)}]`);
}

/** Of at most 80 columns. */
function lines(text: string): string {
  return text
    .replace(/(?=.{81})(.{1,80}) /g, '$1\n')
    .split('\n')
    .map(guarded)
    .join('\n');
}

/** A dot at the beginning of a line would be a macro. */
function guarded(text: string): string {
  return text.startsWith('.') ? `\\&${text}` : text;
}

function hexadecimal(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
