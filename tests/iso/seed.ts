/** The volume NEURON-SEED: answers for an installation that nobody watches. */
import { tool } from "../../packaging/tool.ts";

export const account = { name: "ada", password: "correct horse 1" } as const;

/** Of the encrypted disk, where there is one. */
export const passphrase = "battery staple";

/** Made as an ext4 file system in a file. */
export async function makeSeed(folder: string, answers: Readonly<Record<string, unknown>>): Promise<string> {
  const content = `${folder}/seed`;
  await Deno.mkdir(content);
  await Deno.writeTextFile(`${content}/password`, account.password);
  await Deno.writeTextFile(`${content}/passphrase`, passphrase);
  await Deno.writeTextFile(`${content}/answers.json`, JSON.stringify({ schema: "neuron.answers/1", ...answers }));
  const volume = `${folder}/seed.raw`;
  await tool("mke2fs", ["-q", "-t", "ext4", "-L", "NEURON-SEED", "-d", content, volume, "8m"], "e2fsprogs");
  return volume;
}
