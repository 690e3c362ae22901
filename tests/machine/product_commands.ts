/** The product in the PC, as scripts call it. */
import type { Ran } from "./agent.ts";
import type { Commands } from "./pc.ts";

export const answersPath = "/root/answers.json";

/** Runs neuron-setup, whatever it ends with. */
export async function neuron(pc: Commands, args: string, seconds = 60): Promise<Ran> {
  return await pc.run(`exec neuron-setup ${args}`, seconds);
}

/** Runs neuron-setup, which must end with one of these codes, and gives what it printed. */
export async function mustEnd(pc: Commands, args: string, codes: readonly number[], seconds = 60): Promise<string> {
  const ran = await neuron(pc, args, seconds);
  if (!codes.includes(ran.code)) {
    throw new Error(
      `neuron-setup ${args} ended with ${ran.code} instead of ${codes.join(" or ")}:\n${ran.stdout}${ran.stderr}`,
    );
  }
  return ran.stdout;
}

/** A refusal as a person reads it: what stands in the way, and a hint; nothing of our own insides. */
export function assertRefusal(ran: Ran, exit: number, says: readonly RegExp[]): void {
  const whole = `${ran.stdout}${ran.stderr}`;
  const complain = (what: string): never => {
    throw new Error(`${what}; it ended with ${ran.code} and said:\n${whole}`);
  };
  if (ran.code !== exit) complain(`exit ${exit} was expected`);
  if (!/^hint: \S/m.test(ran.stderr)) complain("a refusal has a hint");
  if (/^\s+at .*:\d+:\d+/m.test(whole)) complain("a refusal shows no stack");
  for (const sentence of says) if (!sentence.test(whole)) complain(`${sentence} was expected`);
}
