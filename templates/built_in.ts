/** The templates that come with Neuron, by name. */
import autounattend from "./autounattend.eta" with { type: "text" };
import linux from "./linux.eta" with { type: "text" };
import other from "./other.eta" with { type: "text" };
import channels from "./partials/channels.eta" with { type: "text" };
import cpu from "./partials/cpu.eta" with { type: "text" };
import display from "./partials/display.eta" with { type: "text" };
import firmware from "./partials/firmware.eta" with { type: "text" };
import hostdevs from "./partials/hostdevs.eta" with { type: "text" };
import identity from "./partials/identity.eta" with { type: "text" };
import lifecycle from "./partials/lifecycle.eta" with { type: "text" };
import lookingGlass from "./partials/looking_glass.eta" with { type: "text" };
import misc from "./partials/misc.eta" with { type: "text" };
import network from "./partials/network.eta" with { type: "text" };
import plain from "./partials/plain.eta" with { type: "text" };
import qemuArguments from "./partials/qemu_arguments.eta" with { type: "text" };
import resources from "./partials/resources.eta" with { type: "text" };
import storage from "./partials/storage.eta" with { type: "text" };
import unattendAccount from "./partials/unattend_account.eta" with { type: "text" };
import unattendDisk from "./partials/unattend_disk.eta" with { type: "text" };
import unattendLanguage from "./partials/unattend_language.eta" with { type: "text" };
import windows from "./partials/windows.eta" with { type: "text" };
import volume from "./volume.eta" with { type: "text" };
import windows10Basic from "./windows10-basic.eta" with { type: "text" };
import windows10Passthrough from "./windows10-passthrough.eta" with { type: "text" };
import windows11Basic from "./windows11-basic.eta" with { type: "text" };
import windows11Passthrough from "./windows11-passthrough.eta" with { type: "text" };

export const builtIn: Readonly<Record<string, string>> = {
  "autounattend": autounattend,
  "linux": linux,
  "other": other,
  "partials/channels": channels,
  "partials/cpu": cpu,
  "partials/display": display,
  "partials/firmware": firmware,
  "partials/hostdevs": hostdevs,
  "partials/identity": identity,
  "partials/lifecycle": lifecycle,
  "partials/looking_glass": lookingGlass,
  "partials/misc": misc,
  "partials/network": network,
  "partials/plain": plain,
  "partials/qemu_arguments": qemuArguments,
  "partials/resources": resources,
  "partials/storage": storage,
  "partials/unattend_account": unattendAccount,
  "partials/unattend_disk": unattendDisk,
  "partials/unattend_language": unattendLanguage,
  "partials/windows": windows,
  "volume": volume,
  "windows10-basic": windows10Basic,
  "windows10-passthrough": windows10Passthrough,
  "windows11-basic": windows11Basic,
  "windows11-passthrough": windows11Passthrough,
};
