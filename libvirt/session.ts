/**
 * From a URI to a daemon that answers: transport, authentication, opening the driver, keepalive. What comes out is ready
 * for any call.
 */
import { LibvirtError } from "./errors.ts";
import { VirConnectFlags } from "./protocol/constants.gen.ts";
import { type RemoteAuthListRet, RemoteAuthType, remoteProgram } from "./protocol/remote.gen.ts";
import { type CallOptions, Rpc, type RpcOptions } from "./rpc.ts";
import { connectTransport } from "./transport.ts";
import { parseUri, type Target } from "./uri.ts";

export interface OpenOptions extends Partial<RpcOptions> {
  /** Opens libvirt's read-only socket: nothing can be changed. */
  readOnly?: boolean;
  /** Gives up connecting. */
  signal?: AbortSignal;
}

export interface Session {
  readonly rpc: Rpc;
  readonly uri: string;
  readonly options: OpenOptions;
}

const DEFAULTS: RpcOptions = {
  keepalive: { intervalMs: 5000, count: 5 },
  callTimeoutMs: 60_000,
  maxInFlight: 4,
};
/** How long a daemon may take to let us in; systemd may have to start it first. */
const OPEN_TIMEOUT_MS = 30_000;
/** VIR_DRV_FEATURE_PROGRAM_KEEPALIVE (src/libvirt_internal.h): asking for it makes the daemon send keepalive too. */
const FEATURE_KEEPALIVE = 10;

/** Connects, authenticates and opens the driver. See `open` for the errors. */
export async function dial(uri: string, options: OpenOptions = {}): Promise<Session> {
  const target = parseUri(uri, options);
  const settings: RpcOptions = {
    keepalive: options.keepalive ?? DEFAULTS.keepalive,
    callTimeoutMs: options.callTimeoutMs ?? DEFAULTS.callTimeoutMs,
    maxInFlight: options.maxInFlight ?? DEFAULTS.maxInFlight,
  };
  const rpc = new Rpc(await connectTransport(target), settings);
  const call: CallOptions = {
    signal: options.signal,
    timeoutMs: Math.min(OPEN_TIMEOUT_MS, settings.callTimeoutMs || OPEN_TIMEOUT_MS),
  };
  try {
    await authenticate(rpc, call);
    await openDriver(rpc, target, call);
    if (settings.keepalive.intervalMs > 0) {
      await rpc.call(remoteProgram, "CONNECT_SUPPORTS_FEATURE", { feature: FEATURE_KEEPALIVE }, call);
    }
  } catch (error) {
    rpc.close();
    throw error;
  }
  return { rpc, uri, options };
}

async function authenticate(rpc: Rpc, call: CallOptions): Promise<void> {
  const { types } = await rpc.call(remoteProgram, "AUTH_LIST", undefined, call) as RemoteAuthListRet;
  if (types.length === 0 || types.includes(RemoteAuthType.REMOTE_AUTH_NONE)) return;
  if (types.includes(RemoteAuthType.REMOTE_AUTH_POLKIT)) {
    await rpc.call(remoteProgram, "AUTH_POLKIT", undefined, call);
    return;
  }
  throw new LibvirtError({
    code: "VIR_ERR_AUTH_UNAVAILABLE",
    message: "the daemon wants SASL authentication, which this client does not have; it can do none and polkit",
  });
}

async function openDriver(rpc: Rpc, target: Target, call: CallOptions): Promise<void> {
  await rpc.call(remoteProgram, "CONNECT_OPEN", {
    name: target.daemonUri,
    flags: target.readOnly ? VirConnectFlags.VIR_CONNECT_RO : 0,
  }, call);
}
