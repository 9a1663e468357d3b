#!/usr/bin/perl
# A teacher for amkd-query's tests that needs nothing but Debian's perl-base: its first
# argument says how to behave, its second is a file that gets a line for each image asked.
# An honest answer's first class has the share of the image's first byte in 255.
use strict;
use warnings;

my ($behaviour, $log) = @ARGV ? @ARGV : 'honest';
my $nasked = 0;
binmode STDIN;
binmode STDOUT;
$| = 1;

sub take {
    my ($nbytes) = @_;
    my $bytes = '';
    while (length $bytes < $nbytes) {
        read(STDIN, $bytes, $nbytes - length $bytes, length $bytes) or return;
    }
    return $bytes;
}

# Leaves its process id in the file "hanging", for tests that orphan it.
sub hang {
    open my $file, '>', 'hanging' or die 'hanging';
    print $file "$$\n";
    close $file;
    sleep 60;
}

# Answers its second request once there is a file "go", and all that follow slowly.
sub wait_at_gate {
    open my $file, '>', 'waiting' or die 'waiting';
    close $file;
    select undef, undef, undef, 0.05 until -e 'go';
}

sub npy {
    my ($dtype, $shape, $data) = @_;
    my $header = "{'descr': '$dtype', 'fortran_order': False, 'shape': ($shape), }";
    $header .= ' ' x ((53 - length $header) % 64) . "\n";
    return "\x93NUMPY\x01\x00" . pack('v', length $header) . $header . $data;
}

# What becomes of the fourth image of the first request, until there is a file "mended".
my %flaws = (
    'one-nan' => [0.5, 0.5, 'nan'], 'one-infinite' => [0.5, 0.5, 9**9**9],
    'one-negative' => [-0.5, 1.25, 0.25], 'one-unnormalized' => [0.5, 0.5, 0.5],
);

sub probabilities {
    my ($first, $image) = @_;
    my @honest = ($first, (1 - $first) / 4, 3 * (1 - $first) / 4);
    my $flaw = $flaws{$behaviour};
    return @$flaw if $flaw and $nasked == 1 and $image == 3 and not -e 'mended';
    return (0.33, 0.33, 0.33) if $behaviour eq 'rounds';
    return (0.5 + $first / 2, (1 - $first) / 4, (1 - $first) / 4) if $behaviour eq 'one-class';
    return map { $_ * 100 } @honest if $behaviour eq 'percent';
    return (-0.5, 1.25, 0.25) if $behaviour eq 'negative';
    return ($first, 0.5, 'nan') if $behaviour eq 'nan';
    return (0.5, 0.5, 0.5) if $behaviour eq 'unnormalized';
    return @honest;
}

while (defined(my $prefix = take(10))) {
    my $header = take(unpack 'x8v', $prefix);
    my ($n, $h, $w, $c) = $header =~ /\((\d+), (\d+), (\d+), (\d+)\)/ or die "bad header";
    my $pixels = take($n * $h * $w * $c);
    $nasked++;
    exit 7 if $behaviour eq 'dies' or $behaviour eq 'dies-second' and $nasked == 2;
    # Of several that share the log the first to be asked after an answer.
    hang() if $behaviour eq 'hangs-once' and -e $log and mkdir 'hung';
    wait_at_gate() if $behaviour eq 'gated' and $nasked == 2;
    select undef, undef, undef, 0.1 if $behaviour eq 'gated' and $nasked > 2;
    hang() if $behaviour eq 'hangs' or $behaviour eq 'hangs-second' and $nasked == 2;
    my $data = '';
    for my $image (0 .. $n - 1) {
        my $first = vec($pixels, $image * $h * $w * $c, 8) / 255;
        $data .= pack 'f<3', probabilities($first, $image);
    }
    if ($log) {
        open my $file, '>>', $log or die $log;
        print $file "$_\n" for 1 .. $n;
        close $file;
    }
    select undef, undef, undef, 1.5 if $behaviour eq 'slow';
    my $nclasses = $behaviour eq 'wrong-shape' ? "3, $n" : "$n, 3";
    print npy('<f4', $nclasses, $data);
}
