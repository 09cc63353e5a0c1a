import type { ComputeEnv, Label, LaunchConfig, User } from './entities.ts';
import { executorOf, progress, updatedAt, workflowCounts, workflowLoad } from './progress.ts';
import { hasStarted, isComplete, type Run, statusAt } from './run.ts';

export const RUN_ATTRIBUTES = ['optimized', 'labels', 'messages', 'minimal', 'pipelineInfo'] as const;
export type RunAttribute = (typeof RUN_ATTRIBUTES)[number];

const NEXTFLOW = { version: '26.04.1', build: '5947', timestamp: '2026-05-11T10:12:00Z' };
const MEBIBYTE = 1_048_576;

const iso = (time: number) => new Date(time).toISOString();

export function labelBody(label: Label) {
  return {
    id: label.id,
    name: label.name,
    ...(label.value === null ? {} : { value: label.value }),
    resource: label.resource,
    isDefault: label.isDefault,
    isDynamic: false,
    isInterpolated: false,
    dateCreated: label.dateCreated,
  };
}

/** Absent rather than null, as newer versions of the Platform write what is not known yet. */
function compact<T extends Record<string, unknown>>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}

export function projectName(repository: string): string {
  return repository
    .replace(/\.git$/, '')
    .split('/')
    .slice(-2)
    .join('/');
}

function minimalBody(run: Run, user: User, now: number) {
  const started = hasStarted(run, now);
  const complete = isComplete(run, now);
  return {
    id: run.id,
    launchId: run.launchId,
    ownerId: user.id,
    userName: user.userName,
    status: statusAt(run, now),
    runName: run.runName,
    sessionId: run.sessionId,
    projectName: projectName(run.launch.pipeline),
    repository: run.launch.pipeline,
    submit: iso(run.submitAt),
    start: started ? iso(run.startAt) : undefined,
    complete: complete ? iso(run.completeAt) : undefined,
    duration: complete && started ? run.completeAt - run.startAt : undefined,
    dateCreated: iso(run.submitAt),
    lastUpdated: updatedAt(run, now),
    deleted: false,
    requiresAttention: false,
  };
}

function statistics(run: Run, now: number) {
  const { succeeded, failed } = workflowCounts(run, now);
  const percent = (count: number) => (succeeded + failed === 0 ? 0 : (100 * count) / (succeeded + failed));
  return {
    computeTimeFmt: (succeeded / 30).toFixed(1),
    cachedCount: 0,
    cachedCountFmt: '0',
    cachedDuration: 0,
    cachedPct: 0,
    failedCount: failed,
    failedCountFmt: String(failed),
    failedDuration: failed * 60_000,
    failedPct: percent(failed),
    ignoredCount: 0,
    ignoredCountFmt: '0',
    ignoredPct: 0,
    succeedCount: succeeded,
    succeedCountFmt: String(succeeded),
    succeedDuration: succeeded * 120_000,
    succeedPct: percent(succeeded),
  };
}

/** What only Nextflow knows: it comes with the start of the run. */
function startedBody(run: Run) {
  const project = projectName(run.launch.pipeline);
  const profile = run.launch.configProfiles?.join(',') || 'standard';
  return {
    commitId: run.commitId,
    scriptId: run.commitId.slice(0, 32),
    scriptName: run.launch.mainScript ?? 'main.nf',
    scriptFile: `/.nextflow/assets/${project}/main.nf`,
    profile,
    homeDir: '/root',
    projectDir: `/.nextflow/assets/${project}`,
    launchDir: run.workDir,
    containerEngine: run.computeEnv.platform === 'aws-batch' ? 'docker' : 'singularity',
    configFiles: [`/.nextflow/assets/${project}/nextflow.config`],
    commandLine: `nextflow run ${run.launch.pipeline} -name ${run.runName} -profile ${profile}${run.resume ? ` -resume ${run.sessionId}` : ''}`,
    nextflow: NEXTFLOW,
    manifest: {
      name: project,
      version: '1.0.0',
      defaultBranch: 'master',
      mainScript: 'main.nf',
      homePage: run.launch.pipeline,
    },
  };
}

export function workflowBody(run: Run, user: User, now: number) {
  const started = hasStarted(run, now);
  const complete = isComplete(run, now);
  const failed = complete && run.end === 'FAILED';
  return compact({
    ...minimalBody(run, user, now),
    ...(started ? startedBody(run) : {}),
    revision: run.launch.revision,
    configText: run.launch.configText,
    params: run.params,
    workDir: run.workDir,
    resume: run.resume,
    success: complete ? run.end === 'SUCCEEDED' : undefined,
    exitStatus: complete && started ? run.exitStatus : undefined,
    errorMessage: failed ? run.errorMessage : undefined,
    errorReport: failed ? run.errorReport : undefined,
    stats: complete && started ? statistics(run, now) : undefined,
  });
}

function placeBody(run: Run) {
  const { workspace } = run;
  if (workspace.organization === null) return {};
  return {
    orgId: workspace.organization.orgId,
    orgName: workspace.organization.name,
    workspaceId: workspace.id ?? undefined,
    workspaceName: workspace.name,
  };
}

function pipelineInfo(run: Run) {
  if (!run.pipeline) return undefined;
  return {
    id: run.pipeline.pipelineId,
    workspaceId: run.pipeline.workspace.id ?? undefined,
    version: { id: run.pipeline.versionId, name: `${run.pipeline.name}-1`, isDefault: true, isDraftVersion: false },
  };
}

function optionalBody(run: Run, attributes: ReadonlySet<RunAttribute>) {
  return compact({
    labels: attributes.has('labels') ? run.labels.map(labelBody) : undefined,
    optimized: attributes.has('optimized') ? false : undefined,
    pipelineInfo: attributes.has('pipelineInfo') ? pipelineInfo(run) : undefined,
  });
}

/** An element of the list. */
export function listedRun(run: Run, user: User, attributes: ReadonlySet<RunAttribute>, now: number) {
  const minimal = attributes.has('minimal');
  return {
    workflow: minimal ? compact(minimalBody(run, user, now)) : workflowBody(run, user, now),
    ...(minimal ? {} : { progress: { workflowProgress: workflowLoad(run, now) } }),
    ...optionalBody(run, attributes),
    starred: false,
    ...placeBody(run),
  };
}

export function describedRun(run: Run, user: User, attributes: ReadonlySet<RunAttribute>, now: number) {
  const { launch } = run;
  const complete = isComplete(run, now);
  const neverStarted = complete && !hasStarted(run, now) && run.end === 'FAILED';
  return {
    workflow: compact({
      ...workflowBody(run, user, now),
      configProfiles: launch.configProfiles,
      nextflowConfig: launch.configText,
      nextflowVersion: launch.nextflowVersion,
      operationId: run.operationId,
      preRunScript: launch.preRunScript,
      postRunScript: launch.postRunScript,
      towerConfig: launch.towerConfig,
      syntaxParser: launch.syntaxParser,
      logFile: `nf-${run.id}.log`,
      outFile: `nf-${run.id}.txt`,
    }),
    progress: progress(run, now),
    platform: {
      id: run.computeEnv.platform,
      name: run.computeEnv.platform === 'aws-batch' ? 'Amazon Batch' : 'Slurm Workload Manager',
    },
    jobInfo: compact({
      id: Number.parseInt(run.operationId.slice(0, 8), 16),
      operationId: run.operationId,
      status: statusAt(run, now),
      exitCode: complete ? run.exitStatus : undefined,
      message: neverStarted ? run.errorMessage : undefined,
    }),
    ...optionalBody(run, attributes),
    ...(attributes.has('messages') ? { messages: neverStarted && run.errorMessage ? [run.errorMessage] : [] } : {}),
    ...placeBody(run),
  };
}

export function computeEnvBody(computeEnv: ComputeEnv) {
  return {
    id: computeEnv.id,
    name: computeEnv.name,
    description: computeEnv.description,
    platform: computeEnv.platform,
    status: computeEnv.status,
    primary: computeEnv.primary,
    credentialsId: computeEnv.credentialsId,
    deleted: false,
    dateCreated: computeEnv.dateCreated,
    lastUpdated: computeEnv.dateCreated,
    config: { discriminator: computeEnv.platform, workDir: computeEnv.workDir, ...computeEnv.config },
  };
}

/** The fields that a launch request and a launch answer have in common. */
export function launchBody(launch: LaunchConfig) {
  const { launchContainer: _onlyInPipelines, ...shared } = launch;
  return compact({ ...shared, pullLatest: launch.pullLatest ?? false, stubRun: launch.stubRun ?? false });
}

export function runLaunchBody(run: Run, now: number) {
  const started = hasStarted(run, now);
  return compact({
    id: run.launchId,
    ...launchBody(run.launch),
    computeEnv: computeEnvBody(run.computeEnv),
    pipelineId: run.pipeline?.pipelineId,
    resume: run.resume,
    sessionId: run.sessionId,
    // Nothing to resume from before Nextflow pulled the code.
    resumeDir: started ? run.workDir : undefined,
    resumeCommitId: started ? run.commitId : undefined,
    dateCreated: iso(run.submitAt),
  });
}

export function taskBody(run: Run, task: { taskId: number; process: string; status: string }, now: number) {
  const begun = task.status !== 'SUBMITTED';
  const over = task.status === 'COMPLETED' || task.status === 'FAILED';
  const start = run.startAt + task.taskId;
  return {
    task: compact({
      id: task.taskId,
      taskId: task.taskId,
      hash: `${run.commitId.slice(0, 2)}/${(task.taskId * 7919).toString(16).padStart(6, '0').slice(-6)}`,
      name: `${task.process} (${task.taskId})`,
      process: task.process,
      tag: String(task.taskId),
      status: task.status,
      exit: over ? (task.status === 'FAILED' ? run.exitStatus : 0) : undefined,
      exitStatus: over ? (task.status === 'FAILED' ? run.exitStatus : 0) : undefined,
      attempt: 1,
      executor: executorOf(run),
      cpus: 2,
      memory: 2048 * MEBIBYTE,
      submit: iso(run.startAt),
      start: begun ? iso(start) : undefined,
      complete: over ? iso(Math.min(now, run.endAt)) : undefined,
      duration: over ? Math.max(0, Math.min(now, run.endAt) - start) : undefined,
      errorMessage: task.status === 'FAILED' ? run.errorMessage : undefined,
      workdir: `${run.workDir}/${task.taskId}`,
      script: `echo ${task.taskId}`,
    }),
  };
}
