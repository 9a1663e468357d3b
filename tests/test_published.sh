#!/usr/bin/env bash
# Weights of other programs: a file without amkd's metadata is a model for every tool once
# its path says the network, and a training begins with it.
set -euo pipefail
command -v python3 >/dev/null || { echo "python3 is not installed: skipped"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }
# said FILE TEXT: a tool's standard error has the text.
said() { grep -qF -- "$2" "$1" || fail "expected '$2' in: $(cat "$1")"; }

cat >strange.py <<'PYTHON'
"""strange.py MODEL OUT [DROP]: the tensors of a model as another program would leave them."""
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
del header["__metadata__"]
if len(sys.argv) > 3:
    header["extra"] = header.pop(sys.argv[3])
text = json.dumps({"module." + name: entry for name, entry in header.items()}).encode()
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
PYTHON
cat >images.py <<'PYTHON'
"""images.py NAME N SIDE CHANNELS NCLASSES: NPY files of images and labels."""
import random, struct, sys
name, (n, side, channels, nclasses) = sys.argv[1], map(int, sys.argv[2:])
random.seed(5)
def save(path, shape, values):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': %s}" % (shape,)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode())
        file.write(bytes(values))
save(name + ".npy", (n, channels, side, side),
     [random.randrange(256) for _ in range(n * channels * side * side)])
save(name + ".labels.npy", (n,), [i % nclasses for i in range(n)])
PYTHON
# data NAME CHANNELS NCLASSES [OPTION]...: 60 images of 8 x 8.
data() {
    python3 images.py "$1" 60 8 "$2" "$3"
    amkd-import -q "${@:4}" --labels "$1.labels.npy" -o "$1.amkd" "$1.npy"
}
data three 3 5
data two 3 2

net="c1: conv 4 k3 nobias | b1: bn | relu | avgpool all | fc: fc classes"
amkd-train -q -a "$net" --steps 20 --mean 0.5,0.25,0.5 --std 0.25,0.5,1 -o own three.amkd
grep -aq '"amkd.mean":"0.5,0.25,0.5"' own || fail "--mean is not the model's"
python3 strange.py own weights
here="weights,arch=$net,input=3x8x8,mean=0.5:0.25:0.5,std=0.25:0.5:1"

# It answers as the model does that it was.
amkd-eval -q -s own --json three.amkd >expected
amkd-eval -q -s "$here" --json three.amkd >got
cmp expected got || fail "amkd-eval measures another model"
answers() { amkd-query -q -t "model:$1" three.amkd | amkd-cat -q --field p -; }
answers own >p1
answers "$here" >p2
[ -s p1 ] || fail "no answers"
cmp p1 p2 || fail "as a teacher it answers other things"
amkd-eval -q --check -s "$here" three.amkd
amkd-eval -q --check -s "not-there,arch=$net,input=3x8x8" three.amkd

# The network is named, or the error says how.
! amkd-eval -q -s weights three.amkd 2>err || fail "a file without a network was taken"
said err "'weights': no \"amkd.arch\" in its metadata"
said err "',arch=NETWORK' behind the path says it"

# All that does not fit is listed.
python3 strange.py own bad b1.weight
! amkd-train -q -a "${net/conv 4/conv 6}" -i bad --steps 1 -o out three.amkd 2>err ||
    fail "weights of another network were taken"
said err "'bad': 7 tensors do not fit: 1 that the network has not, 1 of the network that are missing, 5 of other shapes:"
said err "tensor 'module.c1.weight': its shape is 4x3x3x3, that of the architecture is 6x3x3x3"
said err "tensor 'module.b1.weight' is missing"
said err "tensor 'module.extra': the architecture has no such parameter"
said err "tensor 'module.fc.weight': its shape is 5x4, that of the architecture is 5x6"
[ ! -e out ] || fail "a failed training left a model"
! amkd-train -q --check -a "${net/conv 4/conv 6}" -i bad -o out three.amkd 2>err ||
    fail "--check takes what the training refuses"
said err "7 tensors do not fit"

# A training begins with them, its last layer afresh where the classes are others.
amkd-train -a "$net" -i weights --steps 1 --lr 1e-12 -o same three.amkd 2>err
said err "says no mean and deviation: those of the data are taken"
! grep -q afresh err || fail "the last layer started afresh"
for init in own weights; do
    amkd-train -a "$net" -i $init --steps 1 --lr 1e-12 -o other two.amkd 2>err
    said err "'$init': its classes are others: 'fc' starts afresh"
    amkd-eval -q -s other two.amkd >/dev/null
    amkd-train -q --check -a "$net" -i $init -o other two.amkd
    for check in --check --quiet; do
        ! amkd-train -q $check -a "$net" -i $init --freeze fc -o out two.amkd 2>err ||
            fail "a fresh head was frozen"
        said err "--freeze: 'fc' is for other classes and starts afresh, so it has to learn"
    done
done
! amkd-train -q -a "mlp" -i own --steps 1 -o other two.amkd 2>err || fail "mlp was begun"
said err "'own': holds another network: its layer 1 is 'c1: conv 4 k3 nobias', but '0: flatten' is asked for"
! amkd-train -q -a mlp --mean 0,0,0 -o other two.amkd 2>err || fail "--mean without --std"
said err "--mean and --std go together"
for check in --check --quiet; do
    ! amkd-train -q $check -a mlp --mean 0,0 --std 1,1 -o out two.amkd 2>err || fail "two means"
    said err "--mean and --std: mean is '0,0', expected 3 finite numbers"
done

# Of 0 to 255.
! amkd-train -q -a "$net" --mean 123.7,0,0 --std 58,57,57 -o out three.amkd 2>err ||
    fail "a mean of 123.7"
said err "mean of channel 0 is 123.7, expected 0 to 1: of 0 to 255 it is 0.485098"

# Images of many channels are images.
data seven 7 3 --layout nchw
amkd-train -q -a "$net" --steps 5 -o many seven.amkd
amkd-eval -q -s many seven.amkd >/dev/null

# What is frozen stays to the bit, and the rest learns.
train() { amkd-train -q -a "$net" -i own --steps 5 --lr 0.1 "$@" three.amkd; }
cat >tensor.py <<'PYTHON'
"""tensor.py MODEL NAME: the bytes of a tensor."""
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
print(data[slice(*header[sys.argv[2]]["data_offsets"])].hex())
PYTHON
tensor() { python3 tensor.py "$@"; }
train --freeze 'c*' --freeze b1 --weight-decay 0.5 -o frozen
for name in c1.weight b1.weight b1.bias; do
    [ "$(tensor frozen $name)" = "$(tensor own $name)" ] || fail "$name learnt"
done
[ "$(tensor frozen fc.weight)" != "$(tensor own fc.weight)" ] || fail "fc is frozen too"
[ "$(tensor frozen b1.running_mean)" != "$(tensor own b1.running_mean)" ] ||
    fail "the running mean stands still"
train -o plain
train --lr-scale 'fc*=1' -o same
for name in c1.weight fc.bias; do
    [ "$(tensor plain $name)" = "$(tensor same $name)" ] || fail "a scale of 1 does something"
done
train --lr-scale 'fc*=0.5' -o scaled
[ "$(tensor plain fc.bias)" != "$(tensor scaled fc.bias)" ] || fail "--lr-scale does nothing"
for bad in "fc" "fc=x" "fc=-1" "=1"; do
    ! train --lr-scale "$bad" -o out 2>err || fail "--lr-scale $bad was taken"
    said err "option '--lr-scale': '$bad': expected"
done
for check in --check --quiet; do
    ! train $check --freeze nobody -o out 2>err || fail "--freeze nobody was taken"
    said err "--freeze 'nobody': no module and no parameter that is trained is called so"
done
# A checkpoint is of one set of rates, and of one mean and deviation.
long() { amkd-train -q -a "$net" -i own --steps 300 "$@" three.amkd; }
long --freeze fc --checkpoint state --checkpoint-seconds 0 -o through
long --freeze fc --resume state -o resumed
cmp <(tensor through c1.weight) <(tensor resumed c1.weight) || fail "it went on otherwise"
[ "$(tensor resumed fc.weight)" = "$(tensor own fc.weight)" ] || fail "fc learnt when resumed"
for other in "--freeze c1" "--freeze fc --mean 0,0,0 --std 1,1,1"; do
    # shellcheck disable=SC2086
    ! long $other --resume state -o out 2>err || fail "another training went on: $other"
    said err "the checkpoint is of another training"
done
