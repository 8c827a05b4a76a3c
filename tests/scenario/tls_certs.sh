# SPDX-License-Identifier: 0BSD
# tls_certs.sh - certificates for tests, in $certs: NAME.pem and NAME.key
# shellcheck shell=sh

mkdir -p "$certs"

# ca NAME: a root
ca()
{
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=CA $1" \
		-addext basicConstraints=critical,CA:TRUE \
		-keyout "$certs/$1.key" -out "$certs/$1.pem" \
		>"$T/openssl" 2>&1 || give_up "openssl: $(cat "$T/openssl")"
}

# leaf NAME CA HOST [ec|expired|commonname]: the last has no other name
leaf()
{
	leaf_key=rsa:2048 leaf_days=30 leaf_name=subjectAltName=DNS:$3
	case ${4:-} in
	ec) leaf_key='ec -pkeyopt ec_paramgen_curve:P-256' ;;
	# from the day before yesterday on, for a day
	expired) leaf_days=-1 ;;
	commonname) leaf_name=basicConstraints=CA:FALSE ;;
	esac
	{
		# shellcheck disable=SC2086
		openssl req -newkey $leaf_key -nodes -subj "/CN=$3" \
			-keyout "$certs/$1.key" -out "$certs/$1.csr" &&
			printf '%s\n' "$leaf_name" >"$certs/$1.ext" &&
			openssl x509 -req -in "$certs/$1.csr" \
				-days $leaf_days -CAcreateserial \
				-CA "$certs/$2.pem" -CAkey "$certs/$2.key" \
				-extfile "$certs/$1.ext" -out "$certs/$1.pem"
	} >"$T/openssl" 2>&1 || give_up "openssl: $(cat "$T/openssl")"
}
