/** Names by which a later run, or a person, recognises what the installer made. */

/** The GPT name of each of our partitions until the installation is whole; the installation's id follows. */
export const UNFINISHED = "neuron-unfinished-";
/** The GPT names of a whole installation. */
export const finishedName = (role: string): string => `neuron-${role}`;
/** Label of the volume that brings answers. */
export const SEED_LABEL = "NEURON-SEED";
/** Where the new system is mounted while it is made. */
export const TARGET = "/mnt/neuron-target";
/** The opened LUKS volume, below /dev/mapper. */
export const MAPPING = "neuron-root";
