/** One file we know by name. */
import type { FileKind } from "./file_kinds.ts";

export interface CatalogueRow {
  /** What a person types. */
  readonly name: string;
  readonly title: string;
  readonly group: "windows" | "virtio-win";
  /** The file's name in the pool. */
  readonly file: string;
  readonly kind: FileKind;
  readonly link: string | null;
  /** Absent: nobody says it. */
  readonly sizeBytes?: number;
  readonly sha256?: string;
  readonly hashFrom?: "publisher" | "witnesses";
  readonly source: string;
  readonly note?: string;
}
