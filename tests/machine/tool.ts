/** Runs a program of the build machine. */
export { tool } from "../../packaging/tool.ts";
