-- What was seen is told by the appearances from here on, for any viewer; what stays by second is where was looked at all.
CREATE TABLE "analysed_seconds" (
	"session_id" text NOT NULL,
	"second" integer NOT NULL,
	"frames" integer NOT NULL,
	CONSTRAINT "analysed_seconds_session_id_second_pk" PRIMARY KEY("session_id","second")
);
--> statement-breakpoint
INSERT INTO "analysed_seconds" ("session_id", "second", "frames")
SELECT "session_id", "second", "frames" FROM "seen_seconds" WHERE "label" = '';--> statement-breakpoint
DROP TABLE "seen_classes" CASCADE;--> statement-breakpoint
DROP TABLE "seen_seconds" CASCADE;--> statement-breakpoint
ALTER TABLE "analysed_seconds" ADD CONSTRAINT "analysed_seconds_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "appearances_by_end" ON "appearances" USING btree ("session_id","to_ms");