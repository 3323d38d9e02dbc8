/** A number of bytes as people read it, in the words of a language. Used by components/AttachmentTray.vue. */

const units = ["byte", "kilobyte", "megabyte"] as const;

export function toFileSize(bytes: number, locale: string): string {
  const power = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const style = {
    style: "unit",
    unit: units[power],
    // The short form of bytes knows no plural in English.
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power === 2 ? 1 : 0,
  } as const;
  return new Intl.NumberFormat(locale, style).format(bytes / 1000 ** power);
}
