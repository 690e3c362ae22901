/**
 * One GET, redirects followed by our own rules: https only, at most ten hops, never to this machine or a private
 * network (unless the person named that host). The address is judged when the connection is made, by the lookup undici
 * calls, so a name that changes its address in between (DNS rebinding) gains nothing. Bodies come as they were sent.
 * Sources: RFC 9110 (redirects, Accept-Encoding), undici's Client and EnvHttpProxyAgent documentation.
 */
import { lookup as lookupName, type LookupAddress } from "node:dns";
import { type Dispatcher, EnvHttpProxyAgent, request } from "undici";
import { isPublicAddress, literalAddress } from "./addresses.ts";
import { Fault } from "./faults.ts";
import { faultOf } from "./http_faults.ts";
import { defaultStallLimits, type StallLimits, StallWatch } from "./stall_watch.ts";

const maxHops = 10;

export interface HttpOptions extends Partial<StallLimits> {
  /** Hosts the person trusts: they may have a private address, and be asked by plain http. */
  readonly trustedHosts?: readonly string[];
  /** Hosts that may be asked by plain http, because what they send is compared with a hash that came by https. */
  readonly plainHosts?: readonly string[];
  /** Absent: none. The caller reads the environment. */
  readonly proxies?: Proxies;
  /** PEM of the only certificate authority to trust, instead of the usual ones. */
  readonly authorities?: string;
  readonly userAgent?: string;
  /** At most so many to one server, however many requests wait for one; absent: no limit. */
  readonly connections?: number;
  /** How names become addresses; for tests. */
  readonly resolve?: Resolve;
}

/** As dns.lookup with `all`. */
export type Resolve = (
  hostname: string,
  options: { all: true; family: number; hints?: number },
  answer: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export interface Proxies {
  readonly http?: string;
  readonly https?: string;
  /** As in the variable no_proxy. */
  readonly except?: string;
}

export interface Answer {
  readonly status: number;
  /** After all redirects. */
  readonly url: URL;
  header(name: string): string | null;
  /** Chunks as they arrive. Whoever stops early calls `drop`. */
  readonly body: AsyncIterable<Uint8Array>;
  drop(): void;
}

export class Http implements AsyncDisposable {
  readonly #agent: Dispatcher;
  readonly #trusted: ReadonlySet<string>;
  readonly #plain: ReadonlySet<string>;
  readonly #limits: StallLimits;

  constructor(readonly options: HttpOptions = {}) {
    this.#trusted = new Set((options.trustedHosts ?? []).map((host) => host.toLowerCase()));
    this.#plain = new Set((options.plainHosts ?? []).map((host) => host.toLowerCase()));
    this.#limits = { ...defaultStallLimits, ...options };
    const tls = options.authorities === undefined ? {} : { ca: options.authorities };
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: options.proxies?.http ?? "",
      httpsProxy: options.proxies?.https ?? "",
      noProxy: options.proxies?.except ?? "",
      // Behind a proxy the proxy looks names up: then only hosts written as addresses can be judged here.
      connect: { ...tls, lookup: this.#lookup as never },
      requestTls: tls,
      ...(options.connections === undefined ? {} : { connections: options.connections }),
      // The stall watch does better: it knows who is waiting for whom.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Any status but a redirect is an answer. Throws Fault; an abort throws the signal's reason. */
  async get(link: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
    let url = this.#allowed(parse(link), "the link");
    const seen = new Set([url.href]);
    for (let hop = 0; hop <= maxHops; hop++) {
      const answer = await this.#request(url, headers, signal);
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      answer.drop();
      const next = this.#redirected(url, answer.header("location"));
      if (seen.has(next.href)) throw new Fault("redirect-loop", `${url.host} redirects in a circle`);
      seen.add(next.href);
      url = next;
    }
    throw new Fault("redirect-loop", `it redirects more than ${maxHops} times, the last time to ${url.host}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #request(url: URL, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
    const watch = new StallWatch(this.#limits);
    const both = signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]);
    try {
      const { statusCode, headers: received, body } = await request(url, {
        dispatcher: this.#agent,
        signal: both,
        headers: {
          "accept-encoding": "identity",
          "user-agent": this.options.userAgent ?? "neuron-setup",
          accept: "*/*",
          ...headers,
        },
      });
      // Dropping a body makes it fail; nobody listens any more.
      body.on("error", () => {});
      return {
        status: statusCode,
        url,
        header: (name) => {
          const value = received[name];
          return (Array.isArray(value) ? value[0] : value) ?? null;
        },
        body: watched(body, watch, both, url),
        drop: () => {
          watch[Symbol.dispose]();
          body.destroy();
        },
      };
    } catch (error) {
      watch[Symbol.dispose]();
      throw faultOf(error, both, url);
    }
  }

  #redirected(from: URL, location: string | null): URL {
    if (location === null) throw new Fault("refused", `${from.host} redirects without saying where to`);
    const to = parse(location, from);
    if (from.protocol === "https:" && to.protocol !== "https:") {
      throw new Fault("redirect-insecure", `${from.host} redirects from https to ${to.protocol}//${to.host}`);
    }
    return this.#allowed(to, `${from.host} redirects to`);
  }

  #allowed(url: URL, who: string): URL {
    const trusted = this.#isTrusted(url.hostname);
    const plain = url.protocol === "http:" && (trusted || this.#plain.has(url.hostname.toLowerCase()));
    if (url.protocol !== "https:" && !plain) {
      throw new Fault("redirect-insecure", `${who} ${url.protocol}//${url.host} is not https`);
    }
    if (url.username !== "" || url.password !== "") throw new Fault("refused", `${who} has a password in it`);
    const address = literalAddress(url.hostname);
    const local = address === null ? /(^|\.)localhost\.?$/i.test(url.hostname) : !isPublicAddress(address);
    if (local && !trusted) throw new Fault("private-address", `${who} ${url.host}, a private address`);
    return url;
  }

  #isTrusted(hostname: string): boolean {
    return this.#trusted.has(hostname.toLowerCase()) || this.#trusted.has(literalAddress(hostname) ?? hostname);
  }

  /** dns.lookup for undici, which asks with `all`; answers only with addresses that may be connected to. */
  #lookup = (
    hostname: string,
    options: { family?: number; hints?: number },
    answer: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void => {
    const resolve: Resolve = this.options.resolve ?? lookupName;
    resolve(hostname, { ...options, family: options.family ?? 0, all: true }, (error, addresses) => {
      if (error !== null) return answer(error, []);
      const fit = this.#isTrusted(hostname) ? addresses : addresses.filter(({ address }) => isPublicAddress(address));
      if (fit.length > 0) return answer(null, fit);
      answer(new Fault("private-address", `${hostname} has a private address (${addresses[0]?.address})`), []);
    });
  };
}

async function* watched(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown },
  watch: StallWatch,
  signal: AbortSignal,
  url: URL,
): AsyncGenerator<Uint8Array> {
  try {
    watch.waiting();
    for await (const chunk of body) {
      watch.got(chunk.length);
      if (signal.aborted) throw signal.reason;
      yield chunk;
      watch.waiting();
    }
  } catch (error) {
    throw faultOf(error, signal, url, "cut");
  } finally {
    watch[Symbol.dispose]();
    body.destroy();
  }
}

function parse(link: string, base?: URL): URL {
  try {
    return new URL(link, base);
  } catch {
    throw new Fault("refused", `"${link.slice(0, 200)}" is no link`);
  }
}
