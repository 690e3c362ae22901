/** Every setting an unattended installation needs, element by element: where it stands, and what it says for whom. */
import { assert, assertEquals } from "@std/assert";
import type { Document, Element } from "@xmldom/xmldom";
import { parseXml } from "../../../provision/vm/xml.ts";
import { textOf, type Wish } from "./wishes.ts";

const NAMESPACE = "urn:schemas-microsoft-com:unattend";

const wishes: Readonly<Record<string, Wish>> = {
  "Windows 11": {},
  "Windows 11 in French on a Swiss keyboard": {
    windows: { version: "11", language: "fr-CH", keyboard: "ch:fr", timeZone: "Europe/Zurich", edition: "Home" },
  },
  "Windows 11 without TPM and Secure Boot": {
    vm: { firmware: { uefi: true, secureBoot: false, tpm: false }, memory: { mib: 2048 }, disks: [{ sizeGib: 40 }] },
  },
  "Windows 11 on SATA and e1000e": { vm: { disks: [{ bus: "sata" }], network: { model: "e1000e" } } },
  "Windows 10": { windows: { version: "10", language: "en-US" }, vm: { name: "old_box" } },
  "Windows 10 with BIOS": {
    windows: { version: "10" },
    vm: { firmware: { uefi: false, secureBoot: false, tpm: false } },
  },
  "Windows 10 in Japanese": { windows: { version: "10", language: "ja-JP", timeZone: "Asia/Tokyo" } },
  "Server 2022": { windows: { version: "server2022" } },
  "Server 2025 Datacenter Core": { windows: { version: "server2025", edition: "Datacenter Core" } },
};

/** base64 of UTF-16LE "correct horsePassword", made with `printf … | iconv -t utf-16le | base64`. */
const ENCODED = "YwBvAHIAcgBlAGMAdAAgAGgAbwByAHMAZQBQAGEAcwBzAHcAbwByAGQA";
const ENCODED_ADMINISTRATOR =
  "YwBvAHIAcgBlAGMAdAAgAGgAbwByAHMAZQBBAGQAbQBpAG4AaQBzAHQAcgBhAHQAbwByAFAAYQBzAHMAdwBvAHIAZAA=";

interface Setting {
  readonly pass: string;
  readonly component: string;
  readonly path: string;
  /** For every wish unless `only` has another value for it; null: the element must not be there. */
  readonly value: string | null;
  readonly only?: Readonly<Record<string, string | null>>;
}

const CORE_PE = "Microsoft-Windows-International-Core-WinPE";
const SETUP = "Microsoft-Windows-Setup";
const SHELL = "Microsoft-Windows-Shell-Setup";
const CORE = "Microsoft-Windows-International-Core";
const DEPLOYMENT = "Microsoft-Windows-Deployment";
const NON_WINPE = "Microsoft-Windows-PnpCustomizationsNonWinPE";
const FRENCH = "Windows 11 in French on a Swiss keyboard";
const BARE = "Windows 11 without TPM and Secure Boot";
const JAPANESE = "Windows 10 in Japanese";
const BIOS = "Windows 10 with BIOS";
const CORE_SERVER = "Server 2025 Datacenter Core";
const SATA = "Windows 11 on SATA and e1000e";

const languages: readonly Setting[] = ([["windowsPE", CORE_PE], ["oobeSystem", CORE]] as const).flatMap((
  [pass, component],
) => [
  {
    pass,
    component,
    path: "UILanguage",
    value: "de-DE",
    only: { [FRENCH]: "fr-FR", [JAPANESE]: "ja-JP", "Windows 10": "en-US" },
  },
  {
    pass,
    component,
    path: "UserLocale",
    value: "de-DE",
    only: { [FRENCH]: "fr-CH", [JAPANESE]: "ja-JP", "Windows 10": "en-US" },
  },
  {
    pass,
    component,
    path: "SystemLocale",
    value: "de-DE",
    only: { [FRENCH]: "fr-CH", [JAPANESE]: "ja-JP", "Windows 10": "en-US" },
  },
  {
    pass,
    component,
    path: "InputLocale",
    value: "0407:00000407",
    // Japanese is typed through an input method, which only the tag brings.
    only: { [FRENCH]: "100c:0000100c", [JAPANESE]: "ja-JP", "Windows 10": "0409:00000407" },
  },
]);

const inWindowsPe = (path: string, value: string | null, only: Setting["only"] = {}): Setting => ({
  pass: "windowsPE",
  component: SETUP,
  path,
  value,
  only,
});
const inOobe = (path: string, value: string | null, only: Setting["only"] = {}): Setting => ({
  pass: "oobeSystem",
  component: SHELL,
  path,
  value,
  only,
});

const disk = "DiskConfiguration/Disk";
const servers = (value: string | null) => ({ "Server 2022": value, [CORE_SERVER]: value });
const drives = (last: string) =>
  "cmd.exe /c for %i in (C D E F G H I J K L M N O P Q R S T U V W Y Z) do " +
  `if exist %i:\\neuron\\answer-medium.txt call %i:\\neuron\\winpe.cmd ${last}`;
const bypass = (name: string) =>
  `reg.exe add HKLM\\SYSTEM\\Setup\\LabConfig /v Bypass${name}Check /t REG_DWORD /d 1 /f`;

const table: readonly Setting[] = [
  ...languages,
  {
    pass: "windowsPE",
    component: CORE_PE,
    path: "SetupUILanguage/UILanguage",
    value: "de-DE",
    only: { [FRENCH]: "fr-FR", [JAPANESE]: "ja-JP", "Windows 10": "en-US" },
  },
  inWindowsPe("UserData/AcceptEula", "true"),
  inWindowsPe("UserData/ProductKey/WillShowUI", "OnError"),
  inWindowsPe("UserData/ProductKey/Key", "VK7JG-NPHTM-C97JM-9MPGT-3V66T", {
    [FRENCH]: "YTMG3-N6DKC-DKB77-7M9GH-8HVX7",
    "Server 2022": "VDYBN-27WPP-V4HQT-9VMD4-VMK7H",
    [CORE_SERVER]: "D764K-2NDRG-47T6Q-P8T8W-YP6DF",
  }),
  inWindowsPe("DynamicUpdate/Enable", "false"),
  inWindowsPe("DynamicUpdate/WillShowUI", "Never"),
  inWindowsPe("ImageInstall/OSImage/InstallTo/DiskID", "0"),
  inWindowsPe("ImageInstall/OSImage/InstallTo/PartitionID", "4", { [BIOS]: "2" }),
  // One key serves a server's desktop and its core: there the image is named.
  inWindowsPe("ImageInstall/OSImage/InstallFrom/MetaData/Key", null, servers("/IMAGE/NAME")),
  inWindowsPe("ImageInstall/OSImage/InstallFrom/MetaData/Value", null, {
    "Server 2022": "Windows Server 2022 SERVERSTANDARD",
    [CORE_SERVER]: "Windows Server 2025 SERVERDATACENTERCORE",
  }),
  inWindowsPe(`${disk}/DiskID`, "0"),
  inWindowsPe(`${disk}/WillWipeDisk`, "true"),
  inWindowsPe(`${disk}/CreatePartitions/CreatePartition[1]/Type`, "EFI", { [BIOS]: "Primary" }),
  inWindowsPe(`${disk}/CreatePartitions/CreatePartition[1]/Size`, "300", { [BIOS]: "1024" }),
  inWindowsPe(`${disk}/CreatePartitions/CreatePartition[2]/Type`, "MSR", { [BIOS]: "Primary" }),
  inWindowsPe(`${disk}/CreatePartitions/CreatePartition[2]/Extend`, null, { [BIOS]: "true" }),
  inWindowsPe(`${disk}/CreatePartitions/CreatePartition[4]/Extend`, "true", { [BIOS]: null }),
  inWindowsPe(`${disk}/ModifyPartitions/ModifyPartition[1]/Format`, "FAT32", { [BIOS]: "NTFS" }),
  inWindowsPe(`${disk}/ModifyPartitions/ModifyPartition[1]/Active`, null, { [BIOS]: "true" }),
  // A partition Windows shows to nobody, for its recovery tools.
  inWindowsPe(`${disk}/ModifyPartitions/ModifyPartition[3]/TypeID`, "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", {
    [BIOS]: null,
  }),
  inWindowsPe(`${disk}/ModifyPartitions/ModifyPartition[4]/Letter`, "C", { [BIOS]: null }),
  inWindowsPe(`${disk}/ModifyPartitions/ModifyPartition[2]/Letter`, null, { [BIOS]: "C" }),
  inWindowsPe("RunSynchronous/RunSynchronousCommand[1]/Order", "1"),
  inWindowsPe("RunSynchronous/RunSynchronousCommand[1]/Path", drives("w11"), {
    [BARE]: bypass("TPM"),
    "Windows 10": drives("w10"),
    [JAPANESE]: drives("w10"),
    [BIOS]: drives("w10"),
    "Server 2022": drives("2k22"),
    [CORE_SERVER]: drives("2k25"),
  }),
  // Only what this VM lacks is passed over, and on Windows 11 alone.
  inWindowsPe("RunSynchronous/RunSynchronousCommand[2]/Path", null, { [BARE]: bypass("SecureBoot") }),
  inWindowsPe("RunSynchronous/RunSynchronousCommand[3]/Path", null, { [BARE]: bypass("RAM") }),
  inWindowsPe("RunSynchronous/RunSynchronousCommand[4]/Path", null, { [BARE]: bypass("Storage") }),
  inWindowsPe("RunSynchronous/RunSynchronousCommand[5]/Path", null, { [BARE]: drives("w11") }),
  {
    pass: "offlineServicing",
    component: NON_WINPE,
    path: "DriverPaths/PathAndCredentials/Path",
    value: "X:\\neuron\\drivers",
    only: { [SATA]: null },
  },
  {
    pass: "specialize",
    component: SHELL,
    path: "ComputerName",
    value: "windows11",
    only: {
      "Windows 10": "old-box",
      [BIOS]: "windows10",
      [JAPANESE]: "windows10",
      "Server 2022": "windows10",
    },
  },
  ...["specialize", "oobeSystem"].map((pass) => ({
    pass,
    component: SHELL,
    path: "TimeZone",
    value: "W. Europe Standard Time",
    only: { [JAPANESE]: "Tokyo Standard Time" },
  })),
  {
    pass: "specialize",
    component: DEPLOYMENT,
    path: "RunSynchronous/RunSynchronousCommand[1]/Path",
    value: "cmd.exe /c echo NEURON-STAGE specialize>COM1 & exit 0",
  },
  {
    pass: "specialize",
    component: DEPLOYMENT,
    path: "RunSynchronous/RunSynchronousCommand[2]/Path",
    value:
      "reg.exe add HKLM\\SYSTEM\\CurrentControlSet\\Control\\BitLocker /v PreventDeviceEncryption /t REG_DWORD /d 1 /f",
  },
  inOobe("OOBE/HideEULAPage", "true"),
  inOobe("OOBE/HideOnlineAccountScreens", "true"),
  inOobe("OOBE/HideOEMRegistrationScreen", "true"),
  inOobe("OOBE/HideWirelessSetupInOOBE", "true"),
  inOobe("OOBE/HideLocalAccountScreen", null, servers("true")),
  inOobe("OOBE/ProtectYourPC", "3"),
  inOobe("UserAccounts/LocalAccounts/LocalAccount/Name", "ada"),
  inOobe("UserAccounts/LocalAccounts/LocalAccount/Group", "Administrators"),
  inOobe("UserAccounts/LocalAccounts/LocalAccount/Password/Value", ENCODED),
  inOobe("UserAccounts/LocalAccounts/LocalAccount/Password/PlainText", "false"),
  inOobe("UserAccounts/AdministratorPassword/Value", null, servers(ENCODED_ADMINISTRATOR)),
  inOobe("UserAccounts/AdministratorPassword/PlainText", null, servers("false")),
  inOobe("AutoLogon/Enabled", "true"),
  inOobe("AutoLogon/Username", "ada"),
  inOobe("AutoLogon/LogonCount", "1"),
  inOobe("AutoLogon/Password/Value", ENCODED),
  inOobe("AutoLogon/Password/PlainText", "false"),
  inOobe("FirstLogonCommands/SynchronousCommand[1]/Order", "1"),
  inOobe(
    "FirstLogonCommands/SynchronousCommand[1]/CommandLine",
    "cmd.exe /c for %i in (D E F G H I J K L M N O P Q R S T U V W X Y Z) do if exist %i:\\neuron\\answer-medium.txt " +
      "powershell.exe -NoProfile -ExecutionPolicy Bypass -File %i:\\neuron\\first-logon.ps1",
  ),
  // Windows 11 may start several at the same time.
  inOobe("FirstLogonCommands/SynchronousCommand[2]/CommandLine", null),
];

for (const [name, wish] of Object.entries(wishes)) {
  Deno.test(`the answer file for ${name} has every setting, where Windows looks for it`, () => {
    const document = parseXml(textOf("Autounattend.xml", wish));
    const problems = table.flatMap(({ pass, component, path, value, only }) => {
      const expected = only !== undefined && name in only ? only[name]! : value;
      const found = settingAt(document, pass, component, path);
      return found === expected ? [] : [`${pass} ${component} ${path}: ${found}, expected ${expected}`];
    });
    assertEquals(problems, []);
  });

  Deno.test(`the answer file for ${name} has the form Setup reads`, () => {
    const document = parseXml(textOf("Autounattend.xml", wish));
    assertEquals(document.documentElement!.namespaceURI, NAMESPACE);
    for (const component of elements(document, "component")) {
      assertEquals(component.getAttribute("processorArchitecture"), "amd64");
      assertEquals(component.getAttribute("publicKeyToken"), "31bf3856ad364e35");
      assertEquals([component.getAttribute("language"), component.getAttribute("versionScope")], ["neutral", "nonSxS"]);
    }
    // Limits of Microsoft's reference: 259 characters for Path and Description, 1024 for CommandLine.
    for (const [tag, most] of [["Path", 259], ["Description", 259], ["CommandLine", 1024]] as const) {
      for (const one of elements(document, tag)) assert(one.textContent!.length <= most, one.textContent!);
    }
    for (const list of ["RunSynchronous", "CreatePartitions", "ModifyPartitions"]) {
      for (const parent of elements(document, list)) {
        const orders = [...parent.getElementsByTagName("Order")].map((one) => Number(one.textContent));
        assertEquals(orders, orders.map((_order, index) => index + 1));
      }
    }
    assert(!/bypassnro/i.test(textOf("Autounattend.xml", wish)));
  });
}

Deno.test("a setting that is missing or wrong would be noticed", () => {
  const xml = textOf("Autounattend.xml");
  const without = parseXml(xml.replace("<HideOnlineAccountScreens>true</HideOnlineAccountScreens>", ""));
  assertEquals(settingAt(without, "oobeSystem", SHELL, "OOBE/HideOnlineAccountScreens"), null);
  const moved = parseXml(xml.replace('<settings pass="oobeSystem">', '<settings pass="auditUser">'));
  assertEquals(settingAt(moved, "oobeSystem", SHELL, "OOBE/HideOnlineAccountScreens"), null);
});

/** `a/b[2]/c` below a component of a pass; each part counts the children of its own name. */
function settingAt(document: Document, pass: string, component: string, path: string): string | null {
  const settings = elements(document, "settings").filter((one) => one.getAttribute("pass") === pass);
  const components = settings.flatMap((one) => children(one, "component"));
  let found = components.filter((one) => one.getAttribute("name") === component);
  assert(found.length <= 1, `${pass} has ${component} twice`);
  for (const part of path.split("/")) {
    const [, name, index] = /^(\w+)(?:\[(\d+)\])?$/.exec(part)!;
    const next = found.flatMap((one) => children(one, name!));
    found = index === undefined ? next : next.slice(Number(index) - 1, Number(index));
  }
  assert(found.length <= 1, `${path} is there ${found.length} times`);
  return found[0]?.textContent ?? null;
}

function children(parent: Element, name: string): Element[] {
  return [...parent.childNodes].filter((node) =>
    node.nodeName === name && node.namespaceURI === NAMESPACE
  ) as Element[];
}

function elements(document: Document, name: string): Element[] {
  return [...document.getElementsByTagNameNS(NAMESPACE, name)];
}
