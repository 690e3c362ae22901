/**
 * Calls as bytes, and what the daemon sends as values, by the generated schema. Pure; every failure is a LibvirtError that
 * names the procedure.
 */
import { fromWire, LibvirtError, XdrError } from "./errors.ts";
import { qemuProgram } from "./protocol/qemu.gen.ts";
import { remoteProgram } from "./protocol/remote.gen.ts";
import { rpcTypes, type VirNetMessageError, VirNetMessageStatus, VirNetMessageType } from "./protocol/rpc.gen.ts";
import { Codecs, type ProcedureSchema, type Program } from "./schema.ts";
import { frame, type Message } from "./wire.ts";
import { XdrReader } from "./xdr.ts";

const PROGRAMS = [remoteProgram, qemuProgram];
const codecsOf = new Map<number, Codecs>(PROGRAMS.map(({ id, types }) => [id, new Codecs(types)]));
const rpcCodecs = new Codecs(rpcTypes);
const messageNames = new Map<string, { program: Program; name: string; type: string }>(
  PROGRAMS.flatMap((program) =>
    Object.entries(program.procedures).flatMap(([name, { number, msg }]) =>
      msg === undefined ? [] : [[`${program.id}:${number}`, { program, name, type: msg }] as const]
    )
  ),
);

/** What a procedure is. Throws for one that Deno cannot call. */
export function procedureOf(program: Program, name: string): ProcedureSchema {
  const schema = program.procedures[name];
  if (schema === undefined) throw new XdrError(`${name} is no procedure of the program`);
  if (schema.descriptors) throw descriptorsError(name);
  return schema;
}

function descriptorsError(name: string): LibvirtError {
  return new LibvirtError({
    code: "VIR_ERR_NO_SUPPORT",
    procedure: name,
    message: `${name} is unsupported: it passes file descriptors, which Deno cannot receive`,
  });
}

/** A call's frame. Throws XdrError, with the field, when the arguments are not what the procedure takes. */
export function encodeCall(program: Program, name: string, serial: number, args: unknown): Uint8Array {
  const { number, args: type } = procedureOf(program, name);
  const head = {
    program: program.id,
    version: program.version,
    procedure: number,
    type: VirNetMessageType.VIR_NET_CALL,
    serial,
    status: VirNetMessageStatus.VIR_NET_OK,
  };
  try {
    return frame(head, (writer) => codecsOf.get(program.id)!.of(type).encode(writer, args));
  } catch (error) {
    if (error instanceof XdrError) throw new XdrError(`${name}: ${error.message}`, { procedure: name });
    throw error;
  }
}

/** A reply's value. Throws the daemon's error, or XdrError when the reply holds neither. */
export function decodeReply(program: Program, name: string, message: Message): unknown {
  if (message.type === VirNetMessageType.VIR_NET_REPLY_WITH_FDS) throw descriptorsError(name);
  if (message.status === VirNetMessageStatus.VIR_NET_ERROR) throw decodeError(message.payload, name);
  if (message.status !== VirNetMessageStatus.VIR_NET_OK) {
    throw new XdrError(`${name}: a reply cannot have status ${message.status}`, { procedure: name });
  }
  try {
    return decodeWhole(codecsOf.get(program.id)!, program.procedures[name]!.ret, message.payload);
  } catch (error) {
    if (error instanceof XdrError) throw new XdrError(`the reply to ${name}: ${error.message}`, { procedure: name });
    throw error;
  }
}

/** A message that the daemon sent by itself; undefined for one that this client does not know. Throws XdrError. */
export function decodeMessage(message: Message): { name: string; payload: unknown } | undefined {
  const found = messageNames.get(`${message.program}:${message.procedure}`);
  if (found === undefined) return undefined;
  return { name: found.name, payload: decodeWhole(codecsOf.get(found.program.id)!, found.type, message.payload) };
}

/** The error struct of a reply or a stream. Bytes that hold none become XdrError, which is returned like it. */
export function decodeError(payload: Uint8Array, procedure: string): LibvirtError {
  try {
    return fromWire(decodeWhole(rpcCodecs, "virNetMessageError", payload) as VirNetMessageError, procedure);
  } catch (error) {
    if (error instanceof XdrError) return new XdrError(`the error of ${procedure}: ${error.message}`, { procedure });
    throw error;
  }
}

function decodeWhole(codecs: Codecs, type: string | undefined, payload: Uint8Array): unknown {
  const reader = new XdrReader(payload);
  const value = codecs.of(type).decode(reader);
  reader.end();
  return value;
}
