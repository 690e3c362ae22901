/** Typed door to the std sources that npm carries as plain JavaScript (see std/README.md). */
// @ts-types="./closest_string.d.ts"
export * from "deno-std/text/closest_string.js";
