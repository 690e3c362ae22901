/**
 * The session cookie. `__Host-` makes the browser refuse it without Secure, with a Domain, or with another path.
 * Browsers treat http://127.0.0.1 and http://localhost as secure enough for it (tried with Chromium; Firefox does the
 * same since version 75; Safari does not, and the page says so). Cookies do not tell ports apart, so the name does.
 */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { sessionLifeMs } from "./sessions.ts";

export function cookieName(port: number): string {
  return `__Host-neuron-${port}`;
}

export function readSessionCookie(c: Context, port: number): string | undefined {
  return getCookie(c, cookieName(port));
}

export function writeSessionCookie(c: Context, port: number, token: string): void {
  setCookie(c, cookieName(port), token, {
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: "Strict",
    maxAge: sessionLifeMs / 1000,
  });
}

export function clearSessionCookie(c: Context, port: number): void {
  setCookie(c, cookieName(port), "", { path: "/", secure: true, httpOnly: true, sameSite: "Strict", maxAge: 0 });
}
