/** The machine, what it can do, and what would be done to it. Only reads. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { detectionSchema, planSchema, type System, systemSchema, trialReportSchema } from "../dto.ts";
import type { ServerEnv } from "../env.ts";
import type { Inspection } from "../services/inspection.ts";
import { invalid, json, readErrors, refuseInvalid } from "./responses.ts";

const system = createRoute({
  method: "get",
  path: "/api/v1/system",
  summary: "This server, the machine it looks at, and its connection to the hypervisor",
  responses: { 200: json(systemSchema, "The system"), ...readErrors },
});

const detection = createRoute({
  method: "get",
  path: "/api/v1/detection",
  summary: "What this machine has and what it can do, read now",
  responses: { 200: json(detectionSchema, "The document neuron.detect/1"), ...readErrors },
});

const plan = createRoute({
  method: "get",
  path: "/api/v1/plan",
  summary: "What would be changed on this machine, and why; changes nothing",
  responses: { 200: json(planSchema, "The document neuron.plan/1"), 422: invalid, ...readErrors },
});

const trial = createRoute({
  method: "get",
  path: "/api/v1/trial",
  summary: "Whether a trial boot is wanted, and what came of the last one",
  responses: { 200: json(trialReportSchema, "The trial boot"), ...readErrors },
});

export function inspectionRoutes(inspection: Inspection, readSystem: () => System) {
  return new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid })
    .openapi(system, (c) => c.json(readSystem(), 200))
    .openapi(detection, (c) => c.json(inspection.readDetection(), 200))
    .openapi(trial, (c) => c.json(inspection.readTrial(), 200))
    .openapi(plan, async (c) => c.json(await inspection.readPlan(), 200));
}
