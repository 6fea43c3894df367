CREATE TABLE "analyses" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "analyses_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" text NOT NULL,
	"pts_ms" double precision NOT NULL,
	"captured_at" bigint NOT NULL,
	"completed_at" bigint NOT NULL,
	"status" text NOT NULL,
	"model" text NOT NULL,
	CONSTRAINT "analyses_of_frame" UNIQUE("session_id","pts_ms")
);
--> statement-breakpoint
CREATE TABLE "detections" (
	"analysis_id" bigint NOT NULL,
	"ordinal" integer NOT NULL,
	"label" text NOT NULL,
	"score" real NOT NULL,
	"x" real NOT NULL,
	"y" real NOT NULL,
	"width" real NOT NULL,
	"height" real NOT NULL,
	"track_id" integer,
	CONSTRAINT "detections_analysis_id_ordinal_pk" PRIMARY KEY("analysis_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "gaps" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "gaps_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" text NOT NULL,
	"from_ms" double precision NOT NULL,
	"to_ms" double precision NOT NULL,
	"reason" text NOT NULL,
	CONSTRAINT "gaps_forward" CHECK ("gaps"."to_ms" >= "gaps"."from_ms")
);
--> statement-breakpoint
CREATE TABLE "inits" (
	"session_id" text NOT NULL,
	"name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"codecs" text[] NOT NULL,
	"video" jsonb,
	"audio" jsonb,
	"created_at" bigint NOT NULL,
	CONSTRAINT "inits_session_id_name_pk" PRIMARY KEY("session_id","name")
);
--> statement-breakpoint
CREATE TABLE "segments" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "segments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session_id" text NOT NULL,
	"msn" integer NOT NULL,
	"name" text NOT NULL,
	"init_name" text NOT NULL,
	"start_ms" double precision NOT NULL,
	"duration_ms" double precision NOT NULL,
	"bytes" bigint NOT NULL,
	"discontinuity" boolean NOT NULL,
	"independent" boolean NOT NULL,
	"gap" boolean NOT NULL,
	CONSTRAINT "segments_name" UNIQUE("session_id","name")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"stream_id" text NOT NULL,
	"epoch_at" bigint NOT NULL,
	"started_at" bigint NOT NULL,
	"ended_at" bigint,
	"end_reason" text,
	"duration_ms" double precision DEFAULT 0 NOT NULL,
	"video" jsonb,
	"audio" jsonb,
	"publisher_address" text,
	"publisher_encoder" text,
	"stored_bytes" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "sessions_end_has_reason" CHECK (("sessions"."ended_at" is null) = ("sessions"."end_reason" is null))
);
--> statement-breakpoint
CREATE TABLE "streams" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"stream_key" text NOT NULL,
	"stream_key_hash" text NOT NULL,
	"mode" text NOT NULL,
	"max_age_ms" bigint,
	"max_bytes" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "streams_stream_key_hash_unique" UNIQUE("stream_key_hash")
);
--> statement-breakpoint
ALTER TABLE "analyses" ADD CONSTRAINT "analyses_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detections" ADD CONSTRAINT "detections_analysis_id_analyses_id_fk" FOREIGN KEY ("analysis_id") REFERENCES "public"."analyses"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gaps" ADD CONSTRAINT "gaps_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "inits" ADD CONSTRAINT "inits_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "segments" ADD CONSTRAINT "segments_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "detections_by_label" ON "detections" USING btree ("label","analysis_id");--> statement-breakpoint
CREATE INDEX "gaps_of_session" ON "gaps" USING btree ("session_id","from_ms");--> statement-breakpoint
CREATE INDEX "segments_by_time" ON "segments" USING btree ("session_id","start_ms");--> statement-breakpoint
CREATE INDEX "sessions_of_stream" ON "sessions" USING btree ("stream_id","id");--> statement-breakpoint
CREATE INDEX "sessions_open" ON "sessions" USING btree ("id") WHERE "sessions"."ended_at" is null;