/** Typed door to the std sources that npm carries as plain JavaScript (see std/README.md). */
// @ts-types="./assert.d.ts"
export * from "deno-std/assert/mod.js";
