/** libvirt's typed parameters as a plain object, and back. Pure. */
import { VirTypedParameterType } from "./protocol/constants.gen.ts";
import type { RemoteTypedParam, RemoteTypedParamValue } from "./protocol/remote.gen.ts";

export type TypedValue = number | string | boolean;
export type TypedParams = Record<string, TypedValue>;

const { VIR_TYPED_PARAM_BOOLEAN } = VirTypedParameterType;

/**
 * Typed parameters by name. 64-bit numbers become `number`: exact to 2^53, rounded to the nearest above (nine petabytes,
 * or 104 days in nanoseconds); `connection.call` has them exact.
 */
export function typedParams(params: readonly RemoteTypedParam[]): TypedParams {
  const values: TypedParams = {};
  for (const { field, value } of params) values[field] = typedValue(value);
  return values;
}

export function typedValue(value: RemoteTypedParamValue): TypedValue {
  if (typeof value.value === "bigint") return Number(value.value);
  return value.type === VIR_TYPED_PARAM_BOOLEAN ? value.value !== 0 : value.value;
}
