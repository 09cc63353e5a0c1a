import type { ComputeEnv, Pipeline, Workspace } from './entities.ts';
import type { Platform } from './platform.ts';
import { commitOf } from './random.ts';
import { courseOf } from './run.ts';
import type { RunRules } from './run-rules.ts';
import { type ParsedScenario, ScenarioError } from './scenario.ts';

type History = ParsedScenario['history'][number];

interface Home {
  workspace: Workspace;
  pipeline: Pipeline;
  computeEnv: ComputeEnv;
}

/** Where the runs were launched. @throws ScenarioError */
export function homeOf(platform: Platform, { workspaceId, pipeline: name }: History): Home {
  const workspace = platform.workspaces.find(({ id }) => id === workspaceId);
  const visible = workspace ? [...workspace.pipelines, ...platform.sharedWith(workspace)] : [];
  const pipeline = visible.find((one) => one.name === name);
  const computeEnv = pipeline?.computeEnv ?? workspace?.computeEnvs.find(({ primary }) => primary);
  if (workspace && pipeline && computeEnv) return { workspace, pipeline, computeEnv };
  throw new ScenarioError([`history: workspace ${workspaceId} cannot launch a pipeline ${name}`], 'scenario');
}

/** Puts runs into the past, each with the course that the rules give it. */
export function addHistory(platform: Platform, rules: RunRules, history: History, now: number): void {
  const { workspace, pipeline, computeEnv } = homeOf(platform, history);
  const revision = pipeline.launch.revision ?? 'master';
  const commitId = commitOf(pipeline.launch.pipeline, revision);
  for (let index = 0; index < history.count; index += 1) {
    const id = platform.random.id(14);
    const runName = `${history.runNamePrefix}-${index}`;
    const rule = rules.take({ pipeline: pipeline.name, runName, params: {}, labels: pipeline.labels });
    platform.runs.add({
      id,
      workspace,
      launchId: platform.random.id(22),
      sessionId: platform.random.uuid(),
      runName,
      token: null,
      pipeline,
      computeEnv,
      launch: { ...pipeline.launch, workDir: computeEnv.workDir },
      request: {},
      params: {},
      labels: pipeline.labels,
      workDir: `${computeEnv.workDir}/${id}`,
      commitId,
      resume: false,
      operationId: platform.random.uuid(),
      ...courseOf(rule, now - (history.count - index) * history.every),
    });
  }
}
