/** Secrets that answers name: where they are read, and that a message never shows them. */
import { assertEquals, assertThrows } from "@std/assert";
import { readSecret, whereSecretIs } from "../../../cli/secrets.ts";
import { AppError } from "../../../model/errors.ts";

Deno.test("a secret is read from a file or a variable, as it is there", () => {
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(file, "hush \n");
    assertEquals(readSecret({ file }, "windows.account.password"), "hush \n");
    assertEquals(whereSecretIs({ file }), file);
  } finally {
    Deno.removeSync(file);
  }
  Deno.env.set("NEURON_TEST_SECRET", "hush");
  try {
    assertEquals(readSecret({ env: "NEURON_TEST_SECRET" }, "windows.account.password"), "hush");
  } finally {
    Deno.env.delete("NEURON_TEST_SECRET");
  }
});

Deno.test("what is not there is a missing answer, with the key and a cure", () => {
  for (const secret of [{ file: "/no/such/file" }, { env: "NEURON_NO_SUCH_VARIABLE" }]) {
    const error = assertThrows(() => readSecret(secret, "windows.productKey"), AppError, "windows.productKey");
    assertEquals([error.code, error.hint !== undefined], ["answer-missing", true]);
  }
});
