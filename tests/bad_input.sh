# What the test_bad_*.sh share, which source this file: a folder with one small good file of
# every kind, and ways to spoil them.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$SOURCE/tests/teacher.pl" .

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect STATUS TEXT COMMAND...: it ends so, says TEXT, and leaves neither "out" nor a
# temporary file nor data on stdout.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >stdout 2>stderr || got=$?
    [ "$got" = "$status" ] || fail "'$*' ended with $got, not $status: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "'$*' does not say '$text': $(cat stderr)"
    [ ! -e out ] || fail "'$*' left an output"
    [ -z "$(find . -name '*.tmp')" ] || fail "'$*' left a temporary file"
    [ ! -s stdout ] || fail "'$*' wrote to stdout"
}

# spoil FILE PERL >BAD: the stream unpacked, changed by a line of Perl, and packed again.
spoil() { zcat <"$1" | perl -0777 -pe "$2" | perl "$SOURCE/tests/bgzf.pl"; }

# images NAME N HEIGHT WIDTH [LABELS]: an IDX file of noise, and one of labels that go round.
images() {
    perl -e 'my ($name, $n, $h, $w, $labels) = @ARGV;
        open my $file, ">", "$name-images-idx3-ubyte";
        print $file pack "N4", 0x803, $n, $h, $w;
        srand 1;
        print $file pack "C*", map { int rand 256 } 1 .. $n * $h * $w;
        exit unless $labels;
        open $file, ">", "$name-labels-idx1-ubyte";
        print $file pack "N2", 0x801, $n;
        print $file pack "C*", map { $_ % $labels } 1 .. $n;' "$@"
    amkd-import -q -o "$1.amkd" "$1-images-idx3-ubyte"
}

images real 12 4 4          # 66 pairs
images labeled 9 4 4 3      # of three classes
images wide 9 4 5 3         # of another shape
images two 9 4 4 2          # of another class count
small="fc 4 | relu | fc classes"
for name in labeled wide two; do
    amkd-train -q -a "$small" --steps 2 -o $name.safetensors $name.amkd
done
mv labeled.safetensors model
amkd-pool -q -o pairs.amkd real.amkd
amkd-score -q -s model -k 20 -o picks.amkd pairs.amkd
amkd-query -q -t model:model -o labels.amkd picks.amkd
amkd-query -q -t model:model -o answers.amkd labeled.amkd

# Each tool that reads streams, by the kind it reads, with its output named: FILE goes last.
declare -A readers=(
    [images]="pool query eval png"
    [pairs]="score random png"
    [picks]="merge query png"
    [labels]="train exclude png"
)
declare -A reader=(
    [pool]="amkd-pool -q -o out"
    [score]="amkd-score -q -s model -k 5 -o out"
    [random]="amkd-score -q --by random -o out"
    [merge]="amkd-merge -q -o out"
    [query]="amkd-query -q -t model:model -o out"
    [train]="amkd-train -q -a mlp --steps 1 -o out"
    [eval]="amkd-eval -q -s model -o out"
    [cat]="amkd-cat -o out"
    [check]="amkd-cat --check"
    [png]="amkd-cat --png out"
    [exclude]="amkd-score -q -s model -o out pairs.amkd --exclude"
    [val]="amkd-train -q -a mlp --steps 1 -o out answers.amkd --val"
    [answers]="amkd-eval -q -s model -o out labeled.amkd --answers"
    [replace]="amkd-query -q -t model:model -o out picks.amkd --images"
)
declare -A good=([images]=real.amkd [pairs]=pairs.amkd [picks]=picks.amkd [labels]=labels.amkd)
