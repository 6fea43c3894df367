import * as z from 'zod';
import { id, pageQuery, ptsMs } from './common.js';
import { session } from './stream.js';
import { viewerFilter } from './viewer-filter.js';

/** A class that was seen in a session. */
export const seenClass = z
  .object({
    label: z.string(),
    most: z.number().int().meta({ description: 'Most objects of the class at one time' }),
    seconds: z.number().int().meta({ description: 'Time for which some were there, s, rounded up' }),
  })
  .meta({ id: 'SeenClass' });
export type SeenClass = z.infer<typeof seenClass>;

/** A session with what there is to watch of it. */
export const recording = session
  .extend({
    onAir: z.boolean().meta({ description: 'It grows, and cannot be deleted yet' }),
    mediaFromMs: ptsMs.nullable().meta({
      description: 'Start of the oldest stored media; above 0 when limits took older ones; null: none is left',
    }),
    classes: z.array(seenClass).meta({ description: 'What of it counts for the viewer, longest first' }),
    playbackUrl: z
      .string()
      .meta({ description: 'Path of the playlist of everything stored, from the first segment on' }),
    pictureUrl: z
      .string()
      .nullable()
      .meta({ description: 'Path of its pictures, once there are some; `at=` (PTS ms) chooses one' }),
    parts: z.number().int().meta({
      description: 'MP4 files that it is downloaded as: more than one when size, codec or tracks changed in it',
    }),
    downloadUrl: z.string().meta({
      description:
        'Path of the recording as MP4; `part=` (from 1) chooses a part, `from=`, `to=` (PTS ms) cut at keyframes',
    }),
  })
  .meta({ id: 'Recording' });
export type Recording = z.infer<typeof recording>;

/** Which sessions, and what of them is told as seen. */
export const recordingsQuery = viewerFilter.extend(pageQuery.shape);
export type RecordingsQuery = z.infer<typeof recordingsQuery>;

/** A picture of a session: the one at `at`, or the last one before it. */
export const pictureQuery = z.object({
  at: z.coerce.number().nonnegative().optional().meta({ description: 'PTS, ms; default: the newest picture' }),
});
export type PictureQuery = z.infer<typeof pictureQuery>;

/** Which stretch of a recording to download. */
export const downloadQuery = z.object({
  part: z.coerce.number().int().min(1).optional().meta({ description: 'From 1; needed when there is more than one' }),
  from: z.coerce
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'PTS, ms; the segment that it is in comes first' }),
  to: z.coerce.number().nonnegative().optional().meta({ description: 'PTS, ms, exclusive' }),
});
export type DownloadQuery = z.infer<typeof downloadQuery>;

/** Columns of a presence answer at most. */
export const MAX_PRESENCE_BINS = 4000;
export const presenceQuery = viewerFilter.extend({
  session: id.optional().meta({ description: 'Session id; default: the current or newest one' }),
  from: z.coerce.number().nonnegative().default(0).meta({ description: 'First PTS, ms, inclusive' }),
  to: z.coerce.number().nonnegative().optional().meta({ description: 'Last PTS, ms, exclusive; default: the end' }),
  every: z.coerce
    .number()
    .int()
    .min(1000)
    .optional()
    .meta({
      description: `Width of a column, ms, rounded up to whole seconds and to at most ${MAX_PRESENCE_BINS} columns`,
    }),
});
export type PresenceQuery = z.infer<typeof presenceQuery>;

/** When which class was there for the viewer, in columns of equal width. */
export const presence = z
  .object({
    sessionId: id,
    fromMs: ptsMs.meta({ description: 'Start of the first column' }),
    pictures: z.boolean().meta({ description: 'The session has pictures by now' }),
    everyMs: z.number().int().meta({ description: 'Width of a column' }),
    analysed: z.array(z.number().int()).meta({ description: 'Analysed frames in each column; 0: nothing is known' }),
    classes: z.array(
      z.object({
        label: z.string(),
        most: z.array(z.number().int()).meta({ description: 'Most at one time in each column' }),
        comesMs: z.array(ptsMs).meta({
          description:
            'When the class comes into the picture after none of it was there; of each column the first time',
        }),
      }),
    ),
  })
  .meta({ id: 'Presence' });
export type Presence = z.infer<typeof presence>;
