/** The VMs: list, look, act, delete. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  actionResultSchema,
  deletionPreviewSchema,
  deletionResultSchema,
  domainActionSchema,
  domainDetailSchema,
  domainListSchema,
  domainXmlSchema,
} from "../dto.ts";
import type { ServerEnv } from "../env.ts";
import type { DomainRemoval } from "../services/domain_removal.ts";
import type { DomainService } from "../services/domains.ts";
import { changeErrors, conflict, failed, invalid, json, notFound, readErrors, refuseInvalid } from "./responses.ts";

const params = z.object({ uuid: z.guid() });

const list = createRoute({
  method: "get",
  path: "/api/v1/domains",
  summary: "Every VM, by name",
  responses: { 200: json(domainListSchema, "The VMs"), ...readErrors },
});

const get = createRoute({
  method: "get",
  path: "/api/v1/domains/{uuid}",
  summary: "One VM with its hardware",
  request: { params },
  responses: { 200: json(domainDetailSchema, "The VM"), 400: invalid, 404: notFound, ...readErrors },
});

const xml = createRoute({
  method: "get",
  path: "/api/v1/domains/{uuid}/xml",
  summary: "The VM's XML as libvirt has it now, without secrets",
  request: { params },
  responses: { 200: json(domainXmlSchema, "The XML"), 400: invalid, 404: notFound, 502: failed, ...readErrors },
});

const perform = createRoute({
  method: "post",
  path: "/api/v1/domains/{uuid}/{action}",
  summary: "Start, shutdown, destroy, reboot, reset, pause or resume; what is done already stays as it is",
  request: { params: params.extend({ action: domainActionSchema }) },
  responses: {
    200: json(actionResultSchema, "Done; `changed` is false when there was nothing to do"),
    400: invalid,
    404: notFound,
    409: conflict,
    ...changeErrors,
  },
});

const preview = createRoute({
  method: "get",
  path: "/api/v1/domains/{uuid}/deletion",
  summary: "What would go and what would stay if the VM were deleted",
  request: { params },
  responses: { 200: json(deletionPreviewSchema, "What goes"), 400: invalid, 404: notFound, 502: failed, ...readErrors },
});

const remove = createRoute({
  method: "delete",
  path: "/api/v1/domains/{uuid}",
  summary: "Delete a VM that is off; disks stay unless named by their target",
  request: {
    params,
    query: z.object({
      confirm: z.string().max(1_000).openapi({ description: "The VM's name" }),
      disk: z.union([z.string(), z.array(z.string()).max(64)]).optional().openapi({
        description: "Target of a disk to delete as well, e.g. vda; may be repeated",
      }),
    }),
  },
  responses: {
    200: json(deletionResultSchema, "Deleted; `changed` is false when it was gone already"),
    400: invalid,
    409: conflict,
    422: invalid,
    ...changeErrors,
  },
});

export function domainRoutes(domains: DomainService, removal: DomainRemoval) {
  return new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid })
    .openapi(list, async (c) => c.json({ domains: await domains.list() }, 200))
    .openapi(get, (c) => c.json(domains.get(c.req.valid("param").uuid.toLowerCase()), 200))
    .openapi(xml, async (c) => c.json({ xml: await domains.readXml(c.req.valid("param").uuid.toLowerCase()) }, 200))
    .openapi(preview, async (c) => c.json(await removal.preview(c.req.valid("param").uuid.toLowerCase()), 200))
    .openapi(perform, async (c) => {
      const { uuid, action } = c.req.valid("param");
      return c.json(await domains.perform(uuid.toLowerCase(), action), 200);
    })
    .openapi(remove, async (c) => {
      const { confirm, disk } = c.req.valid("query");
      const disks = disk === undefined ? [] : [disk].flat();
      return c.json(await removal.remove(c.req.valid("param").uuid.toLowerCase(), confirm, disks), 200);
    });
}
