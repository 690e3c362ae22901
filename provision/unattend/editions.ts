/**
 * Editions of Windows: how the image in install.wim calls itself, and the public key that tells Setup which one is
 * meant. These keys activate nothing. Data.
 *
 * Sources: Microsoft Learn "Key Management Services (KMS) client activation and product keys" for Enterprise, Education
 * and Server; the default keys of Home and Pro are those in sources/product.ini of Microsoft's own media.
 */

export type WindowsVersion = "10" | "11" | "server2019" | "server2022" | "server2025";

export interface Edition {
  /** As people say it, and as answers have it. */
  readonly name: string;
  /** `EDITIONID` of the image. */
  readonly editionId: string;
  /** Server: `INSTALLATIONTYPE` of the image, which alone tells the desktop from the core. */
  readonly installationType: "Client" | "Server" | "Server Core";
  readonly key: Partial<Record<WindowsVersion, string>>;
}

const client = (name: string, editionId: string, key: string): Edition => ({
  name,
  editionId,
  installationType: "Client",
  key: { "10": key, "11": key },
});

const serverKeys = {
  standard: {
    server2019: "N69G4-B89J2-4G8F4-WWYCC-J464C",
    server2022: "VDYBN-27WPP-V4HQT-9VMD4-VMK7H",
    server2025: "TVRH6-WHNXV-R9WG3-9XRFY-MY832",
  },
  datacenter: {
    server2019: "WMDGN-G9PQG-XVVXX-R3X43-63DFG",
    server2022: "WX4NM-KYWYW-QJJR4-XV3QB-6VM33",
    server2025: "D764K-2NDRG-47T6Q-P8T8W-YP6DF",
  },
};

export const editions: readonly Edition[] = [
  client("Home", "Core", "YTMG3-N6DKC-DKB77-7M9GH-8HVX7"),
  client("Home N", "CoreN", "4CPRK-NM3K3-X6XXQ-RXX86-WXCHW"),
  client("Home Single Language", "CoreSingleLanguage", "BT79Q-G7N6G-PGBYW-4YWX6-6F4BT"),
  client("Pro", "Professional", "VK7JG-NPHTM-C97JM-9MPGT-3V66T"),
  client("Pro N", "ProfessionalN", "2B87N-8KFHP-DKV6R-Y2C8J-PKCKT"),
  client("Pro Education", "ProfessionalEducation", "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y"),
  client("Pro for Workstations", "ProfessionalWorkstation", "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J"),
  client("Education", "Education", "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2"),
  client("Enterprise", "Enterprise", "NPPR9-FWDCX-D2C8J-H872K-2YT43"),
  {
    name: "Standard",
    editionId: "ServerStandard",
    installationType: "Server",
    key: serverKeys.standard,
  },
  {
    name: "Standard Core",
    editionId: "ServerStandard",
    installationType: "Server Core",
    key: serverKeys.standard,
  },
  {
    name: "Datacenter",
    editionId: "ServerDatacenter",
    installationType: "Server",
    key: serverKeys.datacenter,
  },
  {
    name: "Datacenter Core",
    editionId: "ServerDatacenter",
    installationType: "Server Core",
    key: serverKeys.datacenter,
  },
];

export interface WindowsRelease {
  readonly title: string;
  readonly server: boolean;
  /** Its folder on the virtio-win medium: `viostor/w11/amd64`. */
  readonly driverFolder: string;
  readonly defaultEdition: string;
}

export const releases: Readonly<Record<WindowsVersion, WindowsRelease>> = {
  "10": { title: "Windows 10", server: false, driverFolder: "w10", defaultEdition: "Pro" },
  "11": { title: "Windows 11", server: false, driverFolder: "w11", defaultEdition: "Pro" },
  "server2019": { title: "Windows Server 2019", server: true, driverFolder: "2k19", defaultEdition: "Standard" },
  "server2022": { title: "Windows Server 2022", server: true, driverFolder: "2k22", defaultEdition: "Standard" },
  "server2025": { title: "Windows Server 2025", server: true, driverFolder: "2k25", defaultEdition: "Standard" },
};

/** The edition of this name or EDITIONID that the version has; null when there is none. */
export function findEdition(name: string, version: WindowsVersion): Edition | null {
  const wanted = name.toLowerCase();
  const known = editionsOf(version);
  return known.find((one) => one.name.toLowerCase() === wanted) ??
    known.find((one) => one.editionId.toLowerCase() === wanted) ?? null;
}

export function editionsOf(version: WindowsVersion): readonly Edition[] {
  return editions.filter((one) => one.key[version] !== undefined);
}

/** `NAME` of the image on a server medium: one key serves the desktop and the core, so the key cannot choose. */
export function serverImageName(version: WindowsVersion, edition: Edition): string {
  const core = edition.installationType === "Server Core" ? "CORE" : "";
  return `${releases[version].title} ${edition.editionId.toUpperCase()}${core}`;
}
