import type { RunView } from './interface.ts';
import { hasStarted, isComplete, type Run, statusAt } from './run.ts';

export function runView(run: Run, now: number): RunView {
  return {
    id: run.id,
    runName: run.runName,
    status: statusAt(run, now),
    workspaceId: run.workspace.id,
    pipeline: run.launch.pipeline,
    pipelineName: run.pipeline?.name ?? null,
    revision: run.launch.revision ?? null,
    sessionId: run.sessionId,
    launchId: run.launchId,
    computeEnvId: run.computeEnv.id,
    workDir: run.workDir,
    resume: run.resume,
    params: run.params,
    labels: run.labels.map(({ name, value }) => (value === null ? name : `${name}=${value}`)),
    launch: run.request,
    token: run.token,
    submit: new Date(run.submitAt).toISOString(),
    start: hasStarted(run, now) ? new Date(run.startAt).toISOString() : null,
    complete: isComplete(run, now) ? new Date(run.completeAt).toISOString() : null,
  };
}
