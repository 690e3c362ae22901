/**
 * The Windows name of a time zone. The table is Unicode's (CLDR, supplemental/windowsZones), from the package
 * cldr-core; other names of the same zone are recognised by ICU.
 */
import zones from "cldr-core/supplemental/windowsZones.json" with { type: "json" };

const table = zones.supplemental.windowsZones.mapTimezones.map(({ mapZone }) => ({
  windows: mapZone._other,
  // CLDR leaves some territories of a zone empty.
  iana: mapZone._type.split(" ").filter((name) => name !== ""),
}));

/** For `Europe/Berlin`, an older name of a zone (`US/Eastern`), or the Windows name itself; null when there is none. */
export function windowsTimeZone(name: string): string | null {
  const own = table.find((zone) => zone.windows.toLowerCase() === name.toLowerCase());
  if (own !== undefined) return own.windows;
  const exact = table.find((zone) => zone.iana.includes(name));
  if (exact !== undefined) return exact.windows;
  const canonical = canonicalName(name);
  if (canonical === null) return null;
  // Zones without a city carry offsets with the sign turned round (Etc/GMT-2 is UTC+2), as CLDR's table has them.
  return table.find((zone) => zone.iana.some((one) => canonicalName(one) === canonical))?.windows ?? null;
}

function canonicalName(name: string): string | null {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
