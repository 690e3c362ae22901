/** The emulated PC of `deno task test`; all of them: `deno task test:machine --all`. */
import { systemImage } from "./image.ts";
import { quick } from "./layouts.ts";
import { productVolume } from "./product.ts";
import { runLayout } from "./scenario.ts";

Deno.test(`an emulated PC with ${quick.what}: apply, trial boot, proof, VM with the card, rollback, as before`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "neuron-machine-" });
  try {
    const { path: image } = await systemImage(console.log);
    const product = await productVolume(folder);
    const timed = (part: string, ms: number) => console.log(`${part}: ${(ms / 1000).toFixed(0)} s`);
    await runLayout(quick, { image, product, folder, timed });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
