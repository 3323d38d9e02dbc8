/** What a benchmark found, and the table that shows it. */

export interface BenchRow {
  subject: string;
  metric: string;
  unit: string;
  value: number;
}

export interface BenchResult {
  name: string;
  rows: BenchRow[];
}

/** One line a metric, one column a subject, and the ratio of the first subject to each other. */
export function formatTable({ name, rows }: BenchResult): string {
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  const [own, ...peers] = subjects;
  const valueOf = (metric: string, subject: string | undefined): BenchRow | undefined =>
    rows.find((row) => row.metric === metric && row.subject === subject);
  const header = ["metric", "unit", ...subjects, ...peers.map((peer) => `${own} / ${peer}`)];
  const lines = metrics.map((metric) => {
    const first = valueOf(metric, own);
    const ratios = peers.map((peer) => {
      const other = valueOf(metric, peer);
      return first && other && other.value !== 0 ? (first.value / other.value).toFixed(2) : "";
    });
    const unit = rows.find((row) => row.metric === metric)?.unit ?? "";
    const values = subjects.map((subject) => formatValue(valueOf(metric, subject)));
    return [[metric, unit], values, ratios].flat();
  });
  const widths = header.map((cell, column) => Math.max(cell.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const formatLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return [`\n${name}`, formatLine(header), ...lines.map(formatLine)].join("\n");
}

function formatValue(row: BenchRow | undefined): string {
  if (!row) return "";
  return Number.isInteger(row.value) ? String(row.value) : row.value.toPrecision(3);
}

/** The value that `fraction` of the sorted values do not exceed. */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}
