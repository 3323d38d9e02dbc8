/** The files of docs/deploy, as far as they can be judged without Docker and Kubernetes: what they name is there, and fits together. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { describe, expect, it } from "vitest";
import { findInstalled } from "../../src/index.ts";

const rootDir = join(import.meta.dirname, "../../..");
const deployDir = join(rootDir, "docs/deploy");
const read = (name: string): string => readFileSync(join(deployDir, name), "utf8");
const variables = readFileSync(join(rootDir, "apps/typebar/src/config/variables.ts"), "utf8");
/** How long the program goes on by itself when it is told to stop. */
const defaultGraceS = Number(/^ {2}TYPEBAR_GRACE_MS: .*"(\d+)"/m.exec(variables)?.[1]) / 1000;

interface Resource {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas: number;
    minAvailable: number;
    selector: Record<string, unknown>;
    ports: { targetPort: string }[];
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
  };
}
interface PodSpec {
  terminationGracePeriodSeconds: number;
  containers: [Container];
}
interface Container {
  ports: { name: string; containerPort: number }[];
  env: { name: string; value: string }[];
  envFrom: { secretRef: { name: string } }[];
  lifecycle: { preStop: { exec: { command: string[] } } };
  readinessProbe: Probe;
  livenessProbe: Probe;
  startupProbe: Probe;
}
interface Probe {
  httpGet: { path: string; port: string };
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}
interface Service {
  build?: { context: string; dockerfile: string };
  environment?: Record<string, string>;
  depends_on?: string[];
  volumes?: string[];
  stop_grace_period?: string;
}

function isVariable(name: string): boolean {
  return new RegExp(`^ {2}${name}:`, "m").test(variables);
}

describe("docs/deploy", () => {
  it("has a page in both languages that links to each of its files", () => {
    for (const language of ["en", "zh-CN"]) {
      const page = readFileSync(join(rootDir, "docs", language, "deploy.md"), "utf8");
      for (const name of readdirSync(deployDir).filter(
        (file) => !file.endsWith(".dockerignore") && !file.endsWith(".compose"),
      ))
        expect(page).toContain(`(../deploy/${name})`);
    }
  });

  it("has a systemd unit that systemd finds nothing wrong with, and that starts the program", () => {
    const path = findInstalled("systemd-analyze");
    if (path === undefined) throw new Error("systemd-analyze was not found: apt-get install systemd.");
    const { status, stderr, stdout } = spawnSync(path, ["verify", join(deployDir, "typebar.service")], {
      encoding: "utf8",
    });
    expect({ status, said: stderr + stdout }).toEqual({ status: 0, said: "" });
    const unit = read("typebar.service");
    expect(existsSync(join(rootDir, /ExecStart=.* (\S+\.ts)$/m.exec(unit)?.[1] ?? "missing"))).toBe(true);
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(defaultGraceS);
  });

  it("has a Dockerfile that starts what the systemd unit starts", () => {
    const command: string[] = JSON.parse(/^CMD (.*)$/m.exec(read("Dockerfile"))?.[1] ?? "[]");
    expect(read("typebar.service")).toContain(`ExecStart=/usr/bin/env ${command.join(" ")}\n`);
  });

  it("has a compose file whose names are all there", () => {
    const { services, volumes }: Compose = parse(read("compose.yaml"));
    const { build, environment = {}, stop_grace_period: grace = "" } = services["typebar"] ?? {};
    expect(existsSync(join(deployDir, build?.context ?? "missing", build?.dockerfile ?? "missing"))).toBe(true);
    expect(Object.keys(environment).filter((name) => !isVariable(name))).toEqual([]);
    expect(services).toHaveProperty(new URL(environment["REDIS_URL"] ?? "").hostname);
    expect(services).toHaveProperty(/@(\w+)\//.exec(environment["DATABASE_URL"] ?? "")?.[1] ?? "missing");
    expect(Number.parseInt(grace, 10)).toBeGreaterThan(defaultGraceS);
    for (const service of Object.values(services)) {
      for (const name of service.depends_on ?? []) expect(services).toHaveProperty(name);
      for (const [source = ""] of (service.volumes ?? []).map((volume) => volume.split(":"))) {
        if (source.startsWith(".")) expect(existsSync(join(deployDir, source))).toBe(true);
        else expect(volumes).toHaveProperty(source);
      }
    }
  });

  it("has Kubernetes manifests that mean one another, and time enough to stop", () => {
    const documents = parseAllDocuments(read("kubernetes.yaml"), { uniqueKeys: true });
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    const resources = documents.map((document): Resource => document.toJS());
    const find = (kind: string): Resource => {
      const found = resources.find((resource) => resource.kind === kind);
      if (!found) throw new Error(`There is no ${kind}`);
      return found;
    };
    const deployment = find("Deployment");
    const { metadata, spec: pod } = deployment.spec.template;
    const [container] = pod.containers;
    expect(deployment.spec.selector).toEqual({ matchLabels: metadata.labels });
    expect(find("Service").spec.selector).toEqual(metadata.labels);
    expect(find("PodDisruptionBudget").spec.selector).toEqual({ matchLabels: metadata.labels });
    expect(find("PodDisruptionBudget").spec.minAvailable).toBeLessThan(deployment.spec.replicas);

    const ports = container.ports.map(({ name }) => name);
    expect(ports).toContain(find("Service").spec.ports[0]?.targetPort);
    const probes = [container.readinessProbe, container.livenessProbe, container.startupProbe];
    for (const { httpGet } of probes) expect(ports).toContain(httpGet.port);
    expect(probes.map(({ httpGet }) => httpGet.path)).toEqual(["/readyz", "/livez", "/readyz"]);
    expect(read("Dockerfile")).toContain(`EXPOSE ${container.ports[0]?.containerPort}\n`);

    const secret = container.envFrom[0]?.secretRef.name;
    const [, named, literals = ""] = /create secret generic (\S+) (.*)/.exec(read("kubernetes.yaml")) ?? [];
    expect(named).toBe(secret);
    const names = Array.from(literals.matchAll(/--from-literal=(\w+)=/g), ([, name = ""]) => name);
    const known = [...names, ...container.env.map(({ name }) => name)];
    expect(known).toContain("DATABASE_URL");
    expect(known.filter((name) => !isVariable(name))).toEqual([]);

    const graceMs = Number(container.env.find(({ name }) => name === "TYPEBAR_GRACE_MS")?.value);
    const [program, preStopS] = container.lifecycle.preStop.exec.command;
    expect(program).toBe("sleep");
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(graceMs / 1000 + Number(preStopS));
  });
});
