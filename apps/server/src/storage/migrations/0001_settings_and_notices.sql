CREATE TABLE "notice_history" (
	"id" text PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"stream_id" text,
	"severity" text NOT NULL,
	"message" text NOT NULL,
	"since" bigint NOT NULL,
	"last_at" bigint NOT NULL,
	"times" integer NOT NULL,
	"over_at" bigint
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "notice_history" ADD CONSTRAINT "notice_history_stream_id_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notice_history_by_time" ON "notice_history" USING btree ("last_at");