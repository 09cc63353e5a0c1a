import { hasStarted, type Run } from './run.ts';

const PROCESSES = ['PREPARE', 'FASTQC', 'ALIGN', 'MULTIQC'];
const AT_ONCE = 4;
/** A run that never ends creeps up to nine tenths, over this long. */
const SPAN_OF_ENDLESS = 60_000;
const GIBIBYTE = 1_073_741_824;

export type TaskState = 'NEW' | 'SUBMITTED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'ABORTED';

export interface TaskCounts {
  pending: number;
  submitted: number;
  running: number;
  succeeded: number;
  failed: number;
  aborted: number;
}

/** How many of the run's tasks are over, which is all that its progress is made of: tasks run in order. */
function tasksDone(run: Run, now: number): number {
  if (!hasStarted(run, now)) return 0;
  const until = Math.min(now, run.endAt);
  const planned = Number.isFinite(run.endAt) ? run.endAt - run.startAt : SPAN_OF_ENDLESS / 0.9;
  const part = Math.min(planned === 0 ? 1 : (until - run.startAt) / planned, Number.isFinite(run.endAt) ? 1 : 0.9);
  // A cancelled or failed run ends in the middle of its work.
  const reach = run.end === 'SUCCEEDED' ? 1 : 0.6;
  return Math.floor(run.tasks * part * reach);
}

export function taskState(run: Run, index: number, done: number, now: number): TaskState {
  if (index < done) return 'COMPLETED';
  const over = now >= run.endAt && run.end !== 'UNKNOWN';
  if (over) return index === done && run.end === 'FAILED' ? 'FAILED' : 'ABORTED';
  if (!hasStarted(run, now)) return 'NEW';
  if (index < done + AT_ONCE) return 'RUNNING';
  return index < done + 2 * AT_ONCE ? 'SUBMITTED' : 'NEW';
}

/** The same as counting `taskState` over the tasks from..to, without walking them: lists hold thousands of runs. */
function countTasks(run: Run, from: number, to: number, done: number, now: number): TaskCounts {
  const within = (first: number, last: number) => Math.max(0, Math.min(last, to) - Math.max(first, from));
  const counts = { pending: 0, submitted: 0, running: 0, succeeded: within(0, done), failed: 0, aborted: 0 };
  const rest = within(done, run.tasks);
  if (now >= run.endAt && run.end !== 'UNKNOWN') {
    counts.failed = run.end === 'FAILED' ? within(done, done + 1) : 0;
    counts.aborted = rest - counts.failed;
  } else if (!hasStarted(run, now)) {
    counts.pending = rest;
  } else {
    counts.running = within(done, Math.min(done + AT_ONCE, run.tasks));
    counts.submitted = within(done + AT_ONCE, Math.min(done + 2 * AT_ONCE, run.tasks));
    counts.pending = rest - counts.running - counts.submitted;
  }
  return counts;
}

function load(counts: TaskCounts, lastUpdated: string) {
  const seen = counts.running + counts.succeeded + counts.failed;
  return {
    ...counts,
    cached: 0,
    ignored: 0,
    retries: 0,
    cpus: seen * 2,
    cpuTime: counts.succeeded * 120_000,
    cpuLoad: counts.succeeded * 90_000,
    memoryRss: counts.succeeded * GIBIBYTE,
    memoryReq: counts.succeeded * 2 * GIBIBYTE,
    readBytes: counts.succeeded * 50_000_000,
    writeBytes: counts.succeeded * 20_000_000,
    volCtxSwitch: counts.succeeded * 100,
    invCtxSwitch: counts.succeeded * 10,
    loadTasks: counts.running,
    loadCpus: counts.running * 2,
    loadMemory: counts.running * 2 * GIBIBYTE,
    peakTasks: Math.min(seen, AT_ONCE),
    peakCpus: Math.min(seen, AT_ONCE) * 2,
    peakMemory: Math.min(seen, AT_ONCE) * 2 * GIBIBYTE,
    cpuEfficiency: counts.succeeded > 0 ? 75 : 0,
    memoryEfficiency: counts.succeeded > 0 ? 50 : 0,
    lastUpdated,
  };
}

/** Seconds are what the Platform refreshes progress in. */
export const updatedAt = (run: Run, now: number) =>
  new Date(Math.floor(Math.max(run.submitAt, Math.min(now, run.completeAt)) / 1000) * 1000).toISOString();

export const executorOf = (run: Run) => (run.computeEnv.platform === 'aws-batch' ? 'awsbatch' : 'slurm');

const share = (tasks: number, index: number) => Math.floor((tasks * index) / PROCESSES.length);

export function processOf(run: Run, index: number): string {
  const place = PROCESSES.findIndex((_, process) => index < share(run.tasks, process + 1));
  return PROCESSES[place] ?? 'MULTIQC';
}

export function workflowCounts(run: Run, now: number): TaskCounts {
  return countTasks(run, 0, run.tasks, tasksDone(run, now), now);
}

export function workflowLoad(run: Run, now: number) {
  const counts = workflowCounts(run, now);
  return { ...load(counts, updatedAt(run, now)), executors: [executorOf(run)], cost: counts.succeeded / 100 };
}

export function progress(run: Run, now: number) {
  const done = tasksDone(run, now);
  const processesProgress = hasStarted(run, now)
    ? PROCESSES.map((process, index) => ({
        process,
        ...load(countTasks(run, share(run.tasks, index), share(run.tasks, index + 1), done, now), updatedAt(run, now)),
      })).filter(({ pending, submitted, running, succeeded, failed, aborted }) =>
        [pending, submitted, running, succeeded, failed, aborted].some((count) => count > 0),
      )
    : [];
  return { workflowProgress: workflowLoad(run, now), processesProgress, totalProcesses: processesProgress.length };
}

export interface TaskView {
  taskId: number;
  process: string;
  status: TaskState;
}

export function* tasks(run: Run, now: number): Generator<TaskView> {
  if (!hasStarted(run, now)) return;
  const done = tasksDone(run, now);
  for (let index = 0; index < run.tasks; index += 1) {
    const status = taskState(run, index, done, now);
    // A task that was never made cannot be aborted or shown.
    if (status !== 'NEW') yield { taskId: index + 1, process: processOf(run, index), status };
  }
}
