#!/usr/bin/perl
# Packs stdin as BGZF, stored, with nothing but Debian's perl-base: for tests that unpack a
# stream with zcat, make it lie, and pack it again.
use strict;
use warnings;

my @table = map {
    my $crc = $_;
    $crc = $crc & 1 ? $crc >> 1 ^ 0xedb88320 : $crc >> 1 for 1 .. 8;
    $crc;
} 0 .. 255;

sub crc32 {
    my $crc = 0xffffffff;
    $crc = $crc >> 8 ^ $table[($crc ^ $_) & 255] for unpack 'C*', shift;
    return $crc ^ 0xffffffff;
}

binmode STDIN;
binmode STDOUT;
my $head = pack 'C4 x4 C2 v a2 v', 0x1f, 0x8b, 8, 4, 0, 0xff, 6, 'BC', 2;
while (read STDIN, my $plain, 65000) {
    my $n = length $plain;
    my $deflated = pack('C v2', 1, $n, $n ^ 0xffff) . $plain;
    print $head, pack('v', length($deflated) + 25), $deflated, pack 'V2', crc32($plain), $n;
}
print $head, pack 'v C2 x8', 27, 3, 0;
