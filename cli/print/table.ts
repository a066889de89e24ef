/** Tables that fit the width: the widest columns that may shrink are cut with an ellipsis. */

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly align?: 'right';
  /** Never narrower than this; absent: never cut. */
  readonly shrinkTo?: number;
}

export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  shrink(widths, columns, width - GAP.length * (columns.length - 1));
  const header = columns.map((column) => column.title);
  return [header, ...rows].map((row) => rowLine(row, columns, widths));
}

const GAP = '  ';

/** Takes from the widest column that may give, one character at a time, until it fits or none may give more. */
function shrink(widths: number[], columns: readonly Column[], room: number): void {
  for (;;) {
    const total = widths.reduce((sum, one) => sum + one, 0);
    if (total <= room) return;
    const giving = columns
      .map((column, at) => ({
        at,
        width: widths[at] ?? 0,
        least: column.shrinkTo ?? Number.POSITIVE_INFINITY,
      }))
      .filter(({ width, least }) => width > least)
      .sort((a, b) => b.width - a.width)[0];
    if (giving === undefined) return;
    widths[giving.at] = giving.width - 1;
  }
}

function rowLine(row: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  const cells = row.map((cell, at) => {
    const width = widths[at] ?? cell.length;
    const cut = cell.length > width ? `${cell.slice(0, Math.max(0, width - 1))}…` : cell;
    return columns[at]?.align === 'right' ? cut.padStart(width) : cut.padEnd(width);
  });
  return cells.join(GAP).trimEnd();
}
