/** Deleting a VM: says first what goes and what stays, then wants its name. */
import { useEffect, useState } from "preact/hooks";
import type { DeletionPreview, DomainSummary } from "../../server/dto.ts";
import { api, ApiError } from "../api.ts";
import { navigate, paths, route } from "../paths.ts";
import { forgetDomain } from "../state.ts";
import { toast } from "../toasts.ts";
import { visible } from "../words.ts";
import { Problem, Skeleton } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";

export function DeleteDialog({ domain, onClose }: { domain: DomainSummary; onClose: () => void }) {
  const [preview, setPreview] = useState<DeletionPreview | ApiError | null>(null);
  const [name, setName] = useState("");
  const [disks, setDisks] = useState<readonly string[]>([]);
  useEffect(() => {
    api.previewDeletion(domain.uuid).then(setPreview, (error) => {
      if (!(error instanceof ApiError)) throw error;
      setPreview(error);
    });
  }, [domain.uuid]);
  const ready = preview !== null && !(preview instanceof ApiError) &&
    visible(name.trim()) === visible(preview.name.trim());
  return (
    <Dialog
      title={`Delete “${visible(domain.name)}”?`}
      confirm={disks.length === 0 ? "Delete VM" : "Delete VM and disks"}
      danger
      ready={ready}
      onClose={onClose}
      onConfirm={() => {
        onClose();
        void remove(domain, [...disks]);
      }}
    >
      {preview === null && <Skeleton rows={3} />}
      {preview instanceof ApiError && <Problem error={preview} />}
      {preview !== null && !(preview instanceof ApiError) && (
        <>
          <h3>This goes</h3>
          <ul class="plain-list">
            {preview.goes.map((each) => (
              <li key={each.what}>{each.what}{each.where !== null && <code>{each.where}</code>}</li>
            ))}
          </ul>
          {preview.disks.length > 0 && (
            <fieldset class="choices">
              <legend>Disks stay, unless you tick them</legend>
              {preview.disks.map((disk) => (
                <label key={disk.target}>
                  <input
                    type="checkbox"
                    disabled={disk.keptBecause !== null}
                    checked={disks.includes(disk.target)}
                    onChange={(event) =>
                      setDisks(
                        event.currentTarget.checked
                          ? [...disks, disk.target]
                          : disks.filter((target) => target !== disk.target),
                      )}
                  />
                  <span>
                    <code>{disk.path}</code>
                    {disk.keptBecause !== null && <small>It stays: {disk.keptBecause}</small>}
                  </span>
                </label>
              ))}
            </fieldset>
          )}
          <label class="field">
            <span>
              Type{" "}
              <strong class="name">
                <bdi>{visible(preview.name)}</bdi>
              </strong>{" "}
              to confirm
            </span>
            <input
              type="text"
              value={name}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
        </>
      )}
    </Dialog>
  );
}

async function remove(domain: DomainSummary, disks: string[]): Promise<void> {
  try {
    await api.deleteDomain(domain.uuid, domain.name, disks);
    const open = route.value;
    if (open.page === "vm" && open.uuid === domain.uuid) navigate(paths.vms, { replace: true });
    forgetDomain(domain.uuid);
    toast("done", `${visible(domain.name)} was deleted`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("failed", error.message, error.hint);
  }
}
