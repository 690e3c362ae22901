/**
 * libvirt's keepalive (program 0x6b656570): when nothing has come for an interval, a PING goes out; after so many without
 * any answer the connection is dead. Whatever arrives counts as an answer. Does no I/O itself.
 */
import {
  KEEPALIVE_PROGRAM,
  KEEPALIVE_PROTOCOL_VERSION,
  KeepaliveProcedure,
  VirNetMessageStatus,
  VirNetMessageType,
} from "./protocol/rpc.gen.ts";
import { frame } from "./wire.ts";

export interface KeepaliveOptions {
  /** 0 turns it off. libvirt's clients use 5 s. */
  intervalMs: number;
  /** PINGs without any answer before the connection counts as dead. libvirt's clients use 5. */
  count: number;
}

export function keepaliveFrame(procedure: "PING" | "PONG"): Uint8Array {
  return frame({
    program: KEEPALIVE_PROGRAM,
    version: KEEPALIVE_PROTOCOL_VERSION,
    procedure: procedure === "PING" ? KeepaliveProcedure.KEEPALIVE_PROC_PING : KeepaliveProcedure.KEEPALIVE_PROC_PONG,
    type: VirNetMessageType.VIR_NET_MESSAGE,
    serial: 0,
    status: VirNetMessageStatus.VIR_NET_OK,
  }, () => {});
}

export class Keepalive {
  readonly #count: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #heard = true;
  #unanswered = 0;

  /** `send` sends a PING, `dead` is called once when nobody answers, `holding` tells that we ourselves do not read now. */
  constructor(options: KeepaliveOptions, send: () => void, dead: () => void, holding: () => boolean) {
    this.#count = options.count;
    if (options.intervalMs <= 0) return;
    this.#timer = setInterval(() => {
      if (this.#heard || holding()) {
        this.#heard = false;
        this.#unanswered = 0;
        return;
      }
      if (this.#unanswered++ >= this.#count) {
        this.stop();
        dead();
      } else send();
    }, options.intervalMs);
  }

  /** Something arrived. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
  }
}
