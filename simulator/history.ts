import { badRequest } from './errors.ts';
import type { Platform } from './platform.ts';
import { commitOf } from './random.ts';
import { courseOf } from './run.ts';
import type { RunRules } from './run-rules.ts';
import type { ParsedScenario } from './scenario.ts';

/** Puts runs into the past, each with the course that the rules give it. */
export function addHistory(
  platform: Platform,
  rules: RunRules,
  history: ParsedScenario['history'][number],
  now: number,
): void {
  const workspace = platform.workspaceById(history.workspaceId);
  const pipeline = [...workspace.pipelines, ...platform.sharedWith(workspace)].find(
    ({ name }) => name === history.pipeline,
  );
  const computeEnv = pipeline?.computeEnv ?? workspace.computeEnvs.find(({ primary }) => primary);
  if (!pipeline || !computeEnv)
    throw badRequest(`history: workspace ${history.workspaceId} cannot launch the pipeline ${history.pipeline}`);
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
