/** Whether an answer is what was asked for: the missing piece of the same file, or the whole of a file just begun. */
import { statusFault } from "./answer_status.ts";
import { Fault } from "./faults.ts";
import type { Answer } from "./http.ts";
import type { PartFile } from "./part_file.ts";
import type { Range } from "./ranges.ts";
import { parseContentRange, type Validator, validatorOf } from "./validator.ts";

/** An answer whose body is the file from `start` on, up to `end`; null: up to wherever it ends. */
export interface Opened {
  readonly answer: Answer;
  readonly start: number;
  readonly end: number | null;
}

/** Called for the first answer of a file, with what it says about it. */
type Adopt = (validator: Validator | null, sizeBytes: number | null) => void;

/** `piece` null: the whole was asked for. Throws Fault. */
export function accept(answer: Answer, piece: Range | null, part: PartFile, adopt: Adopt): Opened {
  if (answer.status !== 200 && answer.status !== 206) throw statusFault(answer);
  const encoding = answer.header("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new Fault("encoded", `${answer.url.host} sends it packed (${encoding}), though asked not to`);
  }
  return answer.status === 206 ? acceptPart(answer, piece, part, adopt) : acceptWhole(answer, part, adopt);
}

function acceptPart(answer: Answer, piece: Range | null, part: PartFile, adopt: Adopt): Opened {
  const [start, end] = piece ?? [0, 0];
  const range = parseContentRange(answer.header("content-range"));
  if (range === null || range.total === null || range.start !== start || range.end > end) {
    throw new Fault("range-ignored", `${answer.url.host} sends other bytes than it was asked for`);
  }
  if (part.validator === null) adopt(validatorOf(answer), range.total);
  else if (range.total !== part.sizeBytes || !stillSame(part.validator, answer)) throw changed(answer);
  return { answer, start: range.start, end: range.end };
}

function acceptWhole(answer: Answer, part: PartFile, adopt: Adopt): Opened {
  if (part.validator !== null) {
    if (!part.isSame(validatorOf(answer))) throw changed(answer);
    throw new Fault("range-ignored", `${answer.url.host} sends the whole file instead of what is missing`);
  }
  const length = answer.header("content-length");
  adopt(validatorOf(answer), length === null ? null : Number(length));
  return { answer, start: 0, end: null };
}

function changed(answer: Answer): Fault {
  return new Fault("changed", `the file at ${answer.url.host} is no longer the one that was begun`);
}

/** A 206 to If-Range may leave Last-Modified out (RFC 9110, 15.3.7), the ETag never. */
function stillSame(validator: Validator, answer: Answer): boolean {
  if ("etag" in validator) return answer.header("etag") === validator.etag;
  return (answer.header("last-modified") ?? validator.lastModified) === validator.lastModified;
}
