CREATE TABLE "appearances" (
	"session_id" text NOT NULL,
	"track_id" integer NOT NULL,
	"label" text NOT NULL,
	"from_ms" double precision NOT NULL,
	"to_ms" double precision NOT NULL,
	"score" real NOT NULL,
	"status" text NOT NULL,
	"model" text NOT NULL,
	"certainty" smallint NOT NULL,
	"sure_ms" double precision,
	"very_sure_ms" double precision,
	"best_ms" double precision NOT NULL,
	"best_score" real NOT NULL,
	"best_box" real[] NOT NULL,
	CONSTRAINT "appearances_session_id_track_id_pk" PRIMARY KEY("session_id","track_id")
);
--> statement-breakpoint
ALTER TABLE "detections" ADD COLUMN "certainty" smallint;--> statement-breakpoint
ALTER TABLE "detections" ADD COLUMN "confidence" real;--> statement-breakpoint
ALTER TABLE "detections" ADD COLUMN "age_ms" real;--> statement-breakpoint
ALTER TABLE "detections" ADD COLUMN "shown_as" text;--> statement-breakpoint
ALTER TABLE "appearances" ADD CONSTRAINT "appearances_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "appearances_by_time" ON "appearances" USING btree ("session_id","from_ms","track_id");
--> statement-breakpoint
-- What was followed before objects were judged was drawn then, so it counts as sure from where it was first seen.
INSERT INTO "appearances" ("session_id", "track_id", "label", "from_ms", "to_ms", "score", "status", "model", "certainty", "sure_ms", "best_ms", "best_score", "best_box")
SELECT "whole"."session_id", "whole"."track_id", "whole"."label", "whole"."from_ms", "whole"."to_ms", "best"."score", "whole"."status", "whole"."model", 1, "whole"."from_ms", "best"."pts_ms", "best"."score", "best"."box"
FROM (
	SELECT "a"."session_id", "d"."track_id", mode() WITHIN GROUP (ORDER BY "d"."label") AS "label", min("a"."pts_ms") AS "from_ms", max("a"."pts_ms") AS "to_ms", CASE WHEN bool_and("a"."status" = 'final') THEN 'final' ELSE 'provisional' END AS "status", max("a"."model") AS "model"
	FROM "detections" "d" JOIN "analyses" "a" ON "a"."id" = "d"."analysis_id" WHERE "d"."track_id" IS NOT NULL GROUP BY "a"."session_id", "d"."track_id"
) "whole" JOIN (
	SELECT DISTINCT ON ("a"."session_id", "d"."track_id") "a"."session_id", "d"."track_id", "a"."pts_ms", "d"."score", ARRAY["d"."x", "d"."y", "d"."width", "d"."height"] AS "box"
	FROM "detections" "d" JOIN "analyses" "a" ON "a"."id" = "d"."analysis_id" WHERE "d"."track_id" IS NOT NULL ORDER BY "a"."session_id", "d"."track_id", "d"."score" DESC, "a"."pts_ms"
) "best" ON "best"."session_id" = "whole"."session_id" AND "best"."track_id" = "whole"."track_id";
