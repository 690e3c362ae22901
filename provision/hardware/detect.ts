/**
 * Looks at a machine, or at a copy of one, and says what it is and what it can do: the document `neuron.detect/1`.
 * Only reads, each file at most once; the same files always give the same document.
 */
import type { Detection } from "../../model/detection.ts";
import { readHost } from "./boot.ts";
import { parseCpuInfo, readCpu } from "./cpu.ts";
import { readDisplays } from "./displays.ts";
import { findingsOf } from "./findings.ts";
import { judgeGpus } from "./gpu.ts";
import { placeInGroups, readIommu } from "./iommu.ts";
import { readMemory } from "./memory.ts";
import { readPciDevices } from "./pci.ts";
import { readPciNames } from "./pci_ids.ts";
import { type MachineFiles, Reading } from "./reading.ts";
import { reasonsOf } from "./reasons.ts";
import { readStorage } from "./storage.ts";
import { readUsbDevices } from "./usb.ts";

/** Never throws for what the files hold or lack; what could not be read becomes a finding. */
export function detect(files: MachineFiles): Detection {
  return detectFrom(new Reading(files));
}

/** The same over a reading whose questions the caller wants to know afterwards. */
export function detectFrom(reading: Reading): Detection {
  const devices = readPciDevices(reading, readPciNames(reading));
  const cpuInfo = parseCpuInfo(reading.text("/proc/cpuinfo"));
  const cpu = readCpu(reading, cpuInfo);
  const iommu = readIommu(reading, devices, cpu.vendor);
  const pci = placeInGroups(devices, iommu.groups);
  const machine = {
    host: readHost(reading, pci, cpuInfo.hypervisor),
    cpu,
    memory: readMemory(reading),
    iommu,
    pci,
    usb: readUsbDevices(reading),
    storage: readStorage(reading),
    displays: readDisplays(reading),
  };
  const judged = judgeGpus(pci, iommu);
  const gpus = judged.map((gpu) => ({ ...gpu, reasons: reasonsOf(gpu, judged, machine) }));
  const findings = findingsOf({ ...machine, gpus }, reading.unreadable);
  const { host, memory, usb, storage, displays } = machine;
  return { schema: "neuron.detect/1", host, cpu, memory, iommu, pci, gpus, usb, storage, displays, findings };
}
