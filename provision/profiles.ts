/**
 * The profiles that come with Neuron: names for sizes and comforts. Data only; people's own profiles have the same shape.
 * What a profile leaves out takes the default of the guest system; resolve() cuts sizes to what the host has.
 */
import { z } from "zod";
import { lineSchema, nameSchema } from "../model/text_rules.ts";
import { vmAnswersSchema } from "../model/vm_spec.ts";

export const profileSchema = z.strictObject({
  name: nameSchema,
  displayName: lineSchema(100),
  description: lineSchema(500),
  type: lineSchema(50),
  /** Name of an icon of the page. */
  icon: nameSchema,
  spec: vmAnswersSchema,
});

export type Profile = z.infer<typeof profileSchema>;

const GIB = 1024;

export const shippedProfiles: readonly Profile[] = [
  {
    name: "adobe-creative",
    displayName: "Adobe Creative",
    description: "Photo, video and layout: much memory, Looking Glass in a borderless window",
    type: "creative",
    icon: "palette",
    spec: {
      cpu: { vcpus: 12 },
      memory: { mib: 32 * GIB },
      disks: [{ sizeGib: 200 }],
      display: { lookingGlass: { enabled: true, borderless: true, fullScreen: false } },
    },
  },
  {
    name: "office-productivity",
    displayName: "Office",
    description: "Documents, mail and meetings: small, gives unused memory back to the host",
    type: "office",
    icon: "briefcase",
    spec: {
      cpu: { vcpus: 4 },
      memory: { mib: 8 * GIB, hugepages: "none" },
      disks: [{ sizeGib: 60 }],
      display: { lookingGlass: { enabled: false } },
    },
  },
  {
    name: "gaming",
    displayName: "Gaming",
    description: "Games: pinned cores, huge pages, Looking Glass over the full screen",
    type: "gaming",
    icon: "gamepad",
    spec: {
      cpu: { vcpus: 8 },
      memory: { mib: 16 * GIB },
      disks: [{ sizeGib: 500 }],
      display: { lookingGlass: { enabled: true, fullScreen: true, grabKeyboard: true, noScreensaver: true } },
    },
  },
  {
    name: "general",
    displayName: "General",
    description: "A bit of everything",
    type: "general",
    icon: "desktop",
    spec: {
      cpu: { vcpus: 6 },
      memory: { mib: 16 * GIB },
      disks: [{ sizeGib: 120 }],
      display: { lookingGlass: { enabled: true } },
    },
  },
  {
    name: "development",
    displayName: "Development",
    description: "Compilers, containers and WSL: many cores, memory shared with the host",
    type: "development",
    icon: "code",
    spec: {
      cpu: { vcpus: 8 },
      memory: { mib: 16 * GIB, hugepages: "none" },
      disks: [{ sizeGib: 250 }],
      display: { lookingGlass: { enabled: true } },
    },
  },
];
