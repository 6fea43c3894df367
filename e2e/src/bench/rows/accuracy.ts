import type { Certainty } from '@media-analyzer/protocol';
import { testMedia } from '../../harness/paths.js';
import { transcodeFile } from '../../harness/transcode.js';
import { type BoxFigures, boxFigures, type ClipFigures, clipFigures, track } from '../accuracy/figures.js';
import { movingPictures } from '../accuracy/pictures.js';
import { openRecorder, type Recorder } from '../accuracy/recording.js';
import { type ClipTruth, readTruth } from '../accuracy/truth.js';
import { type Figure, noted, type Row } from '../result.js';

const MODELS = ['yolox-nano', 'nanodet-plus-m-1.5x-416', 'deimv2-femto', 'deimv2-atto', 'yolox-tiny', 'yolox-s'];
const PRESETS: readonly Certainty[] = ['raw', 'sure', 'very_sure'];
/** The server's default. */
const RATE = 10;

interface Outcome {
  readonly model: string;
  readonly preset: Certainty;
  /** On the clips on which the values were found, and on those on which they were not. */
  readonly choose: ClipFigures;
  readonly report: ClipFigures;
  readonly pictures: BoxFigures;
}

/**
 * What a viewer of each preset sees: wrong boxes and appearances on ten clips, by a truth of classes and times; wrong boxes
 * and recall on moving pictures whose boxes are known; and what a model costs. Through the decoder, scaler, detector, tracker
 * and certainty of the live path, frame by frame, without dropping any. Models whose weights are not to be had are left out.
 */
export const accuracyRow: Row = async (_options, say) => {
  const truth = await readTruth();
  const outcomes: Outcome[] = [];
  const costs: Record<string, { inferenceMs: number; cores: number }> = {};
  for (const name of MODELS) {
    const recorder = await openRecorder(name);
    if (!recorder) {
      say(`${name}: its weights are not to be had here`);
      continue;
    }
    try {
      say(`${name} …`);
      costs[name] = await recorder.cost(await clipFile(truth[0]!));
      for (const preset of PRESETS) outcomes.push(await measure(recorder, truth, preset));
    } finally {
      await recorder.close();
    }
  }
  for (const line of tableOf(outcomes, costs)) say(line);
  return { figures: outcomes.filter(({ preset }) => preset === 'sure').flatMap(figuresOf), data: { outcomes, costs } };
};

/** The clip as an encoder would send it: H.264 with B-frames, in its own size and frame rate. */
function clipFile({ file, lengthMs }: ClipTruth): Promise<string> {
  return transcodeFile(testMedia(file), 'accuracy', [
    ...['-c:v', 'libx264', '-preset', 'fast', '-crf', '18', '-bf', '2', '-pix_fmt', 'yuv420p', '-an'],
    ...(lengthMs ? ['-t', String(lengthMs / 1000)] : []),
  ]);
}

async function measure(recorder: Recorder, truth: readonly ClipTruth[], preset: Certainty): Promise<Outcome> {
  const { entry } = recorder.loaded;
  const model = { highScore: entry.scoreThreshold, levels: entry.appearance };
  const halves: Record<ClipTruth['half'], ClipFigures[]> = { choose: [], report: [] };
  for (const clip of truth) {
    const frames = await recorder.record(await clipFile(clip), { rate: RATE, lengthMs: clip.lengthMs });
    halves[clip.half].push(clipFigures(clip, track(frames, model), preset));
  }
  const pictures: BoxFigures[] = [];
  for (const picture of await movingPictures()) {
    const frames = await recorder.record(await picture.file(), { rate: RATE });
    pictures.push(boxFigures(picture.objects, track(frames, model), preset));
  }
  const { name } = entry;
  return { model: name, preset, choose: sum(halves.choose), report: sum(halves.report), pictures: sum(pictures) };
}

function sum<T extends { readonly [Key in keyof T]: number }>(items: readonly T[]): T {
  return items.reduce((a, b) => {
    const entries = Object.keys(a).map((key) => [key, a[key as keyof T] + b[key as keyof T]]);
    return Object.fromEntries(entries) as T;
  });
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

function figuresOf({ model, report, pictures }: Outcome): Figure[] {
  const figure = (what: string, value: number, note: string) =>
    noted({ what: `${model}: ${what}`, value, unit: '%', note });
  return [
    figure('wrong boxes', percent(report.wrongBoxes, report.boxes), 'preset Sure, clips that no value was found on'),
    figure('wrong appearances', percent(report.wrongAppearances, report.appearances), 'likewise'),
    figure('objects found', percent(pictures.found, pictures.objects), 'preset Sure, moving pictures'),
  ];
}

/** The table of docs/accuracy.md. */
function tableOf(
  outcomes: readonly Outcome[],
  costs: Readonly<Record<string, { inferenceMs: number; cores: number }>>,
): string[] {
  const of = (part: number, whole: number) => `${percent(part, whole).toFixed(1)} %`;
  return [
    '| Model | Preset | Wrong boxes | Wrong appearances | Class shown when there | Objects found | of small ones | Boxes not true | ms | Cores |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...outcomes.map(({ model, preset, report, pictures }) => {
      const cost = costs[model]!;
      return [
        ...['', model, preset, of(report.wrongBoxes, report.boxes)],
        `${report.wrongAppearances} of ${report.appearances}`,
        of(report.shown, report.due),
        of(pictures.found, pictures.objects),
        of(pictures.smallFound, pictures.smallObjects),
        of(pictures.wrong, pictures.boxes),
        ...[cost.inferenceMs.toFixed(0), cost.cores.toFixed(2), ''],
      ]
        .join(' | ')
        .trim();
    }),
  ];
}
