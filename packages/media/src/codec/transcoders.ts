import type { CodedSample, Track } from '@media-analyzer/protocol';
import { AV_PICTURE_TYPE_NONE, AV_PIX_FMT_YUV420P, AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { type Frame, type Packet, Rational, type Stream } from 'node-av/lib';
import { FilterPipe } from './filter-pipe.js';
import { FrameSource } from './frame-source.js';
import { SampleEncoder } from './sample-encoder.js';
import { audioFormat, type SampleFormat, videoFormat } from './sample-format.js';

export interface VideoTranscodeOptions {
  /** Pixels, made even; when one is missing it follows from the other, when both are, the source's are kept. */
  readonly width?: number;
  readonly height?: number;
  /** Frames per second; the source's own, at most 60, by default. */
  readonly fps?: number;
  /** Default 1000 ms. */
  readonly keyframeIntervalMs?: number;
  /** B-frames between two others; none by default. */
  readonly bframes?: number;
  /** Bits per second; by default whatever a constant quality needs. */
  readonly bitrate?: number;
}

export interface AudioTranscodeOptions {
  /** Bits per second, default 128 000. */
  readonly bitrate?: number;
  /** Hertz, default 48 000. */
  readonly sampleRate?: number;
}

/** Source stream in, samples of one track out. */
export interface Transcoder {
  /** Known as soon as the first frame went through. */
  readonly track: Track | null;
  /** Takes a packet (null: the end) and returns the samples that are ready. */
  push(packet: Packet | null): Promise<CodedSample[]>;
  /** To be called when no `push` runs. */
  close(): void;
}

/** What is set up with the first decoded frame, when its form is known. */
interface Chain {
  readonly pipe: FilterPipe;
  readonly encoder: SampleEncoder;
  readonly format: SampleFormat<Track>;
}

const MAX_FPS = 60;
const DEFAULT_FPS = 25;
/** x264's constant quality, where no bit rate is asked for. */
const DEFAULT_CRF = '23';
const AAC_FRAME_SAMPLES = 1024;

/** Decodes a video stream and encodes it as H.264. */
export function videoTranscoder(stream: Stream, options: VideoTranscodeOptions): Promise<Transcoder> {
  return ChainTranscoder.open(stream, (frame) => openVideoChain(stream, frame, options));
}

/** Decodes an audio stream and encodes it as AAC. */
export function audioTranscoder(stream: Stream, options: AudioTranscodeOptions): Promise<Transcoder> {
  return ChainTranscoder.open(stream, (frame) => openAudioChain(stream, frame, options));
}

class ChainTranscoder implements Transcoder {
  private chain: Chain | null = null;

  private constructor(
    private readonly source: FrameSource,
    private readonly openChain: (first: Frame) => Promise<Chain>,
  ) {}

  static async open(stream: Stream, openChain: (first: Frame) => Promise<Chain>): Promise<ChainTranscoder> {
    return new ChainTranscoder(await FrameSource.open(stream), openChain);
  }

  get track(): Track | null {
    return this.chain?.format.track ?? null;
  }

  async push(packet: Packet | null): Promise<CodedSample[]> {
    const samples: CodedSample[] = [];
    const encode = async (frame: Frame | null): Promise<void> => {
      const { encoder, format } = this.chain!;
      // The source's picture types would be taken as orders.
      if (frame?.isVideo()) frame.pictType = AV_PICTURE_TYPE_NONE;
      samples.push(...(await encoder.encode(frame, format.convert)));
    };
    await this.source.push(packet, async (frame) => {
      this.chain ??= await this.openChain(frame);
      await this.chain.pipe.push(frame, encode);
    });
    if (packet === null && this.chain) {
      await this.chain.pipe.push(null, encode);
      await encode(null);
    }
    return samples;
  }

  close(): void {
    this.chain?.pipe.close();
    this.chain?.encoder.close();
    this.source.close();
  }
}

async function openVideoChain(stream: Stream, frame: Frame, options: VideoTranscodeOptions): Promise<Chain> {
  const { num, den } = stream.timeBase;
  const size = outputSize(frame, options);
  const own = stream.avgFrameRate.den > 0 ? stream.avgFrameRate.num / stream.avgFrameRate.den : 0;
  // MPEG-TS and AVI may announce 90 000 frames a second; nobody means that.
  const fps =
    options.fps ?? (own > 0 && own <= MAX_FPS ? own : own > MAX_FPS && own < 2 * MAX_FPS + 1 ? MAX_FPS : DEFAULT_FPS);
  const rate = rational(fps);
  const pipe = await FilterPipe.open(
    {
      filter: 'buffer',
      args: `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=${num}/${den}`,
    },
    `fps=${rate.num}/${rate.den},scale=${size.width}:${size.height}:flags=bilinear,format=yuv420p,setsar=1`,
  );
  const { bitrate, bframes = 0, keyframeIntervalMs = 1000 } = options;
  try {
    const encoder = await SampleEncoder.open({
      kind: 'video',
      encoder: 'libx264',
      options: {
        preset: 'veryfast',
        ...(bitrate === undefined && { crf: DEFAULT_CRF }),
        // Keyframes at equal distances and nowhere else.
        'x264-params': 'scenecut=0:open-gop=0',
      },
      prepare(context) {
        context.width = size.width;
        context.height = size.height;
        context.pixelFormat = AV_PIX_FMT_YUV420P;
        context.timeBase = pipe.sink.buffersinkGetTimeBase();
        context.framerate = new Rational(rate.num, rate.den);
        context.gopSize = Math.max(1, Math.round((fps * keyframeIntervalMs) / 1000));
        context.maxBFrames = bframes;
        if (bitrate !== undefined) context.bitRate = BigInt(Math.round(bitrate));
      },
    });
    return { pipe, encoder, format: formatOf(encoder, videoFormat) };
  } catch (error) {
    pipe.close();
    throw error;
  }
}

async function openAudioChain(stream: Stream, frame: Frame, options: AudioTranscodeOptions): Promise<Chain> {
  const { num, den } = stream.timeBase;
  const { bitrate = 128_000, sampleRate = 48_000 } = options;
  const { mask, nbChannels } = frame.channelLayout;
  const layout = mask ? `channel_layout=0x${mask.toString(16)}` : `channels=${nbChannels}`;
  const pipe = await FilterPipe.open(
    {
      filter: 'abuffer',
      args: `time_base=${num}/${den}:sample_rate=${frame.sampleRate}:sample_fmt=${frame.format}:${layout}`,
    },
    `aresample=${sampleRate}:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,asetnsamples=n=${AAC_FRAME_SAMPLES}`,
  );
  try {
    const encoder = await SampleEncoder.open({
      kind: 'audio',
      encoder: 'aac',
      options: {},
      prepare(context) {
        context.sampleFormat = AV_SAMPLE_FMT_FLTP;
        context.sampleRate = sampleRate;
        context.channelLayout = pipe.sink.buffersinkGetChannelLayout();
        context.timeBase = pipe.sink.buffersinkGetTimeBase();
        context.bitRate = BigInt(bitrate);
      },
    });
    return { pipe, encoder, format: formatOf(encoder, (parameters) => audioFormat(parameters, null)) };
  } catch (error) {
    pipe.close();
    throw error;
  }
}

function formatOf(
  encoder: SampleEncoder,
  read: (parameters: ReturnType<SampleEncoder['parameters']>) => SampleFormat<Track> | null,
): SampleFormat<Track> {
  const parameters = encoder.parameters();
  try {
    const format = read(parameters);
    if (format) return format;
    encoder.close();
    throw new Error('the encoder announced a configuration that cannot be read');
  } finally {
    parameters.free();
  }
}

function outputSize(
  source: { width: number; height: number },
  options: VideoTranscodeOptions,
): { width: number; height: number } {
  const aspect = source.width / source.height;
  const width = options.width ?? (options.height === undefined ? source.width : options.height * aspect);
  const height = options.height ?? (options.width === undefined ? source.height : options.width / aspect);
  const even = (side: number): number => Math.max(2, Math.round(side / 2) * 2);
  return { width: even(width), height: even(height) };
}

/** 29.97 and its like are whole numbers over 1.001. */
function rational(fps: number): { num: number; den: number } {
  const ntsc = Math.round(fps * 1.001);
  if (Math.abs(ntsc / 1.001 - fps) < 0.005 && Math.abs(Math.round(fps) - fps) > 0.005)
    return { num: ntsc * 1000, den: 1001 };
  return { num: Math.round(fps * 1000), den: 1000 };
}
