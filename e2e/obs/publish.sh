#!/usr/bin/env bash
# Streams a video file with the real OBS Studio under a virtual screen.
#
#   publish.sh SERVER_URL VIDEO_FILE SECONDS < file-with-the-stream-key
#
# The key comes over standard input, because arguments can be read by every user of the machine. OBS gets a home of its own,
# so that nobody's settings are read or changed. Its encoder is what OBS takes by default: x264 veryfast, AAC; the keyframe
# interval is 1 s, as the dashboard advises. SIZE (1280x720), BITRATE (kbit/s, 2500) may be set.
#
# Needs (Debian): apt-get install --no-install-recommends obs-studio xvfb xauth dbus-x11
set -euo pipefail
server=${1:?server URL} video=$(realpath "${2:?video file}") seconds=${3:?seconds}
read -r key
size=${SIZE:-1280x720} bitrate=${BITRATE:-2500}
width=${size%x*} height=${size#*x}

home=$(mktemp -d)
config=$home/.config/obs-studio
profile=$config/basic/profiles/Test
mkdir -p "$profile" "$config/basic/scenes" "$home/run"
chmod 700 "$home" "$home/run"
trap 'rm -rf "$home"' EXIT

cat >"$config/global.ini" <<END
[General]
FirstRun=true
LastVersion=486539266
[Basic]
Profile=Test
ProfileDir=Test
SceneCollection=Test
SceneCollectionFile=Test
END

cat >"$profile/basic.ini" <<END
[General]
Name=Test
[Output]
Mode=Advanced
[AdvOut]
Encoder=obs_x264
TrackIndex=1
RescaleRes=$size
[Video]
BaseCX=$width
BaseCY=$height
OutputCX=$width
OutputCY=$height
FPSCommon=30
END

cat >"$profile/streamEncoder.json" <<END
{"bitrate":$bitrate,"rate_control":"CBR","keyint_sec":1,"preset":"veryfast","profile":"high","tune":""}
END

cat >"$profile/service.json" <<END
{"type":"rtmp_custom","settings":{"server":"$server","key":"$key","use_auth":false,"bwtest":false}}
END

cat >"$config/basic/scenes/Test.json" <<END
{"name":"Test","current_scene":"Scene","current_program_scene":"Scene","scene_order":[{"name":"Scene"}],
 "sources":[
  {"id":"ffmpeg_source","name":"clip","settings":{"local_file":"$video","looping":true,"is_local_file":true}},
  {"id":"scene","name":"Scene","settings":{"id_counter":1,"items":[{"name":"clip","visible":true,"id":1,"align":5,
   "pos":{"x":0,"y":0},"scale":{"x":1,"y":1},"rot":0,"bounds_type":2,"bounds_align":0,
   "bounds":{"x":$width.0,"y":$height.0}}]}}]}
END

export HOME=$home XDG_CONFIG_HOME=$home/.config XDG_RUNTIME_DIR=$home/run LIBGL_ALWAYS_SOFTWARE=1
# timeout passes a signal on to OBS, Xvfb and D-Bus, which are in its process group.
timeout --kill-after=5 "$seconds" \
  xvfb-run -a -s '-screen 0 1280x800x24' \
  dbus-run-session obs --startstreaming --profile Test --collection Test --disable-updater --multi \
  > >(grep --line-buffered -iE 'stream|rtmp|encoder|error') 2>&1 &
obs=$!
trap 'kill -TERM "$obs"' TERM INT
# The first wait ends early when a signal comes; the second one waits for OBS to have ended.
wait "$obs" || wait "$obs" || true
