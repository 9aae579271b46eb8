//! Words that speak for whole families of numbers, in eight languages; a detector adds its own.

/// What is written before any number that a state gives to a person.
macro_rules! identity_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "national_id", "nationalid", "id_number", "idnumber", "identity_number", "identity", "personal_id", "personal_number",
            "identifiant_national", "numero_national", "identite", "didentite", "personennummer", "ausweis", "documento", "documento_identita",
            "identiteit", "dowod", "identificacao", "piece_identite", "citizen_id", "national_number", "national_insurance",
            "id_card", "idcard", "identity_card", "ssn", "identification_number", "numero_identificacion", "numero_identificacao", "numer_identyfikacyjny",
        ]
    };
}

/// What is written before any number by which a person or a trade pays taxes.
macro_rules! tax_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "tax", "tax_id", "taxid", "tax_number", "tin", "fiscal", "numero_fiscal", "id_fiscal", "identifiant_fiscal", "impots",
            "steuer", "steuernummer", "impuestos", "agencia_tributaria", "fiscale", "belasting", "fiscaal", "fiscaal_nummer", "fiscaalnummer", "podatek", "podatnik",
            "contribuinte", "tax_no", "tax_identification_number", "taxpayer", "codigo_fiscal", "nr_podatkowy",
        ]
    };
}

/// What is written before a value added tax number.
macro_rules! vat_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "vat", "vat_id", "vat_number", "vatin", "tva", "tva_intracom", "tva_intracommunautaire", "ust_id", "ustid", "ust_idnr",
            "umsatzsteuer", "iva", "nif_iva", "partita_iva", "piva", "btw", "btw_nummer", "podatek_vat",
        ]
    };
}

/// What is written before a passport's number.
macro_rules! passport_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "passport", "passport_number", "passport_no", "passeport", "num_passeport", "reisepass", "reisepassnummer", "reisepassnr", "reisepass_nr",
            "pass_nr", "passnummer", "pasaporte",
            "passaporto", "paspoort", "paszport", "passaporte", "travel_document", "document_voyage",
        ]
    };
}

/// What is written before a driving licence's number.
macro_rules! licence_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "permis", "permis_conduire", "permis_de_conduire", "numero_permis", "driving_licence", "driver_license", "drivers_license",
            "driver_licence", "licence_number", "fuehrerschein", "fuhrerschein", "permiso_conducir", "carnet_conducir", "patente",
            "rijbewijs", "prawo_jazdy", "carta_conducao",
        ]
    };
}

/// What is written before the plate of a vehicle.
macro_rules! plate_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "plate", "license_plate", "licence_plate", "number_plate", "registration", "vehicle", "plaque", "immatriculation", "immat",
            "vehicule", "kennzeichen", "kfz", "matricula", "targa", "kenteken", "rejestracyjny", "rejestracja",
        ]
    };
}

/// What is written before numbers of patients and of those who treat them.
macro_rules! health_words {
    ($($own:literal),* $(,)?) => {
        &[
            $($own,)*
            "patient", "patient_id", "assure", "health", "insurance", "krankenkasse", "versichertennummer", "versicherten_nr", "paciente",
            "tarjeta_sanitaria", "paziente", "tessera_sanitaria", "verzekerde", "pacjent", "utente",
        ]
    };
}

pub(super) use {health_words, identity_words, licence_words, passport_words, plate_words, tax_words, vat_words};
