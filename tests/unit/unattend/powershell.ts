/**
 * A real parser for PowerShell: tree-sitter's grammar, from npm as WebAssembly. The grammar's file lies in Deno's cache;
 * importing its package.json is what puts it there and says the version.
 */
import { join } from "node:path";
import grammar from "tree-sitter-powershell/package.json" with { type: "json" };
import { Language, type Node, Parser } from "web-tree-sitter";

export type { Node };

export async function powershellParser(): Promise<(text: string) => Node> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(await Deno.readFile(await grammarFile())));
  return (text) => parser.parse(text)!.rootNode;
}

async function grammarFile(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const cache: string = JSON.parse(new TextDecoder().decode(stdout)).npmCache;
  for await (const registry of Deno.readDir(cache)) {
    const path = join(cache, registry.name, grammar.name, grammar.version, `${grammar.name}.wasm`);
    if (await Deno.stat(path).then((found) => found.isFile, () => false)) return path;
  }
  throw new Error(`${grammar.name} ${grammar.version} is not in ${cache}: run deno install`);
}

/** Nodes the parser could not make sense of, as `line: text`. */
export function parseErrors(node: Node): string[] {
  if (!node.hasError) return [];
  const own = node.isError || node.isMissing ? [`${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`] : [];
  return [...own, ...node.children.flatMap((child) => child === null ? [] : parseErrors(child))];
}
